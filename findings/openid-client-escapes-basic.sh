#!/usr/bin/env bash
# openid-client 6.9.0 (npm): HTTP Basic credentials are form-escaped, and more than they need be:
# "-", "_" and "." as well.
#
# Guess: the header is base64 of `id:secret`, and since "-", "_", "." are unreserved everywhere, a key
#   such as `order-service` arrives as it is written.
# Seen:  `order%2Dservice:key%2DWith%5Fdots%2E0123`. (RFC 6749 section 2.3.1 asks for
#   application/x-www-form-urlencoded; most other clients do not escape at all.)
# Here:  introspection has to accept both forms of a key; comparing the raw text refuses every
#   key that has a dash.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund openid-client@6.9.0
cat > run.mjs <<'JS'
import { createServer } from 'node:http'
import * as client from 'openid-client'
let header
const server = createServer((request, answer) => {
  header = request.headers.authorization
  request.resume().on('end', () => { answer.setHeader('content-type', 'application/json'); answer.end('{"active":false}') })
}).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const issuer = `http://127.0.0.1:${server.address().port}`
const secret = 'key-With_dots.0123'
const config = new client.Configuration({ issuer, introspection_endpoint: `${issuer}/introspect` }, 'order-service', secret, client.ClientSecretBasic(secret))
client.allowInsecureRequests(config)
await client.tokenIntrospection(config, 'a-token')
const sent = Buffer.from(header.split(' ')[1], 'base64').toString()
console.log(`openid-client 6.9.0 sends ${sent}`)
server.close(); server.closeAllConnections()
process.exit(sent === 'order%2Dservice:key%2DWith%5Fdots%2E0123' ? 0 : 1)
JS
node run.mjs
