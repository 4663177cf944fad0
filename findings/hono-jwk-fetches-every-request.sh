#!/usr/bin/env bash
# hono 4.13.19 (npm), middleware `hono/jwk`: the key set is fetched at every request.
#
# Guess: it keeps the key set for a while, as jose, express-oauth2-jwt-bearer and PyJWT do.
# Seen:  three requests with good tokens, three reads of `jwks_uri`, whatever Cache-Control the key
#   set came with.
# Here:  each request to such a backend costs a request to /.well-known/jwks.json, and the backend
#   refuses everybody while the login service restarts. Pass `keys` as a function that caches.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund hono@4.13.19 jose@6.2.18
cat > run.mjs <<'JS'
import { createServer } from 'node:http'
import { generateKeyPair, exportJWK, SignJWT } from 'jose'
import { Hono } from 'hono'
import { jwk } from 'hono/jwk'
const { publicKey, privateKey } = await generateKeyPair('ES256')
const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }]
let reads = 0
const server = createServer((_, answer) => {
  reads += 1
  answer.setHeader('content-type', 'application/json')
  answer.setHeader('cache-control', 'public, max-age=300')
  answer.end(JSON.stringify({ keys }))
}).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setSubject('u')
  .setIssuedAt().setExpirationTime('5m').sign(privateKey)
const app = new Hono()
app.use('/*', jwk({ jwks_uri: `http://127.0.0.1:${server.address().port}/`, alg: ['ES256'] }))
app.get('/', context => context.text('ok'))
const statuses = []
for (let i = 0; i < 3; i += 1) {
  statuses.push((await app.request('/', { headers: { authorization: `Bearer ${token}` } })).status)
}
console.log(`hono 4.13.19: statuses ${statuses}, reads of the key set: ${reads}`)
server.close(); server.closeAllConnections()
process.exit(statuses.every(status => status === 200) && reads === 3 ? 0 : 1)
JS
node run.mjs
