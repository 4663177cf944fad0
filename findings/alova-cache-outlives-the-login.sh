#!/usr/bin/env bash
# alova 3.5.5 (npm): a GET that was answered once is answered from memory also after another login.
#
# Guess: alova's cache (five minutes for GET) goes by method, address and headers, so another
#   Authorization is another request.
# Seen:  the key is made before `beforeRequest` and `assignToken` put the token in: after a login as
#   somebody else `/user/me` gives the first user without a request. A header given with the method
#   itself is part of the key.
# Here:  after logging out, or binding another account, a mini program shows the former user for up
#   to five minutes. Call invalidateCache() there, or set cacheFor: null.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund alova@3.5.5
cat > run.cjs <<'JS'
const { createServer } = require('node:http')
const { createAlova, invalidateCache } = require('alova')
const adapter = require('alova/fetch')
const server = createServer((request, answer) => { answer.setHeader('content-type', 'application/json'); answer.end(JSON.stringify({ user: request.headers.authorization })) })
server.listen(0, '127.0.0.1', async () => {
  let token
  const api = createAlova({ baseURL: `http://127.0.0.1:${server.address().port}`, requestAdapter: (adapter.default ?? adapter)(), cacheLogger: false,
    beforeRequest: method => { if (token) method.config.headers.authorization = token }, responded: answer => answer.json() })
  const seen = []
  const ask = async headers => seen.push((await api.Get('/user/me', { headers })).user)
  token = 'first'; await ask()
  token = 'second'; await ask()
  await invalidateCache(); await ask()
  token = undefined; await ask({ authorization: 'first' }); await ask({ authorization: 'second' })
  console.log('by beforeRequest: first, then second, then after invalidateCache; by the method: first, then second')
  console.log(seen)
  server.close(); server.closeAllConnections()
  process.exit(seen.join() === 'first,first,second,first,second' ? 0 : 1)
})
JS
node run.cjs
