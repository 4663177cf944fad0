#!/usr/bin/env bash
# standardwebhooks 1.1.1, svix 1.99.1 (npm): `verify` finds nothing in the Headers object of fetch.
#
# Guess: `verify(await request.text(), request.headers)` works wherever a request comes as fetch's
#   Request (Hono, Next.js, Bun, Deno, workers), as it does with the headers of node:http.
# Seen:  WebhookVerificationError "Missing required headers", although the three are there. With
#   `Object.fromEntries(request.headers)` the same delivery is good.
# Here:  the answer says that the sender forgot its headers, and the sender is looked at first. A
#   receiver's example for such a framework has to convert them.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund standardwebhooks@1.1.1 svix@1.99.1
cat > run.cjs <<'JS'
const libraries = { standardwebhooks: require('standardwebhooks').Webhook, svix: require('svix').Webhook }
const told = work => { try { return work().event } catch (error) { return error.message } }
const seen = {}
for (const [name, Webhook] of Object.entries(libraries)) {
  const webhook = new Webhook('whsec_' + Buffer.alloc(24, 7).toString('base64'))
  const at = new Date(), body = '{"event":"login"}'
  const request = new Request('http://127.0.0.1/', { method: 'POST', body, headers: { 'webhook-id': 'm1',
    'webhook-timestamp': String(Math.floor(at / 1000)), 'webhook-signature': webhook.sign('m1', at, body) } })
  seen[name] = { fetch: told(() => webhook.verify(body, request.headers)), converted: told(() => webhook.verify(body, Object.fromEntries(request.headers))) }
}
console.log(seen)
process.exit(Object.values(seen).every(one => one.fetch === 'Missing required headers' && one.converted === 'login') ? 0 : 1)
JS
node run.cjs
