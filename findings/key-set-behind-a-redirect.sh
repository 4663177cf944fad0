#!/usr/bin/env bash
# jose 6.2.18, jwks-rsa 4.1.0 (npm), PyJWT 2.15.1 (PyPI): none follows a redirect to the key set.
#
# Guess: an HTTP client follows 301, so a key set that a gateway moves (http to https, a new path)
#   is still found, at least by PyJWT, which reads it with urllib.
# Seen:  all three refuse: jose "Expected 200 OK from the JSON Web Key Set HTTP response", jwks-rsa
#   "Moved Permanently", PyJWT PyJWKClientConnectionError.
# Here:  /.well-known/jwks.json must be reached at exactly the address that backends are given;
#   change the backends before a gateway begins to redirect.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund jose@6.2.18 jwks-rsa@4.1.0
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check pyjwt==2.15.1 cryptography==50.0.2
cat > ask.py <<'PY'
import sys, jwt
try:
    print([key.key_id for key in jwt.PyJWKClient(sys.argv[1]).get_signing_keys()])
except jwt.PyJWKClientError as error:
    print(type(error).__name__)
PY
cat > run.mjs <<'JS'
import { createServer } from 'node:http'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createRequire } from 'node:module'
import { generateKeyPair, exportJWK, SignJWT, createRemoteJWKSet, jwtVerify } from 'jose'
const jwksClient = createRequire(import.meta.url)('jwks-rsa')
const { publicKey, privateKey } = await generateKeyPair('RS256')
const body = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }] })
const server = createServer((request, answer) => {
  if (request.url === '/old') { answer.writeHead(301, { location: '/new' }); return answer.end() }
  answer.setHeader('content-type', 'application/json'); answer.end(body)
}).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const base = `http://127.0.0.1:${server.address().port}`
const token = await new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: 'k' }).setSubject('u').setExpirationTime('5m').sign(privateKey)
const told = async work => { try { return await work() } catch (error) { return `refused: ${error.message.slice(0, 60)}` } }
const python = path => promisify(execFile)('venv/bin/python', ['ask.py', base + path]).then(done => done.stdout.trim())
let asGuessed = false
for (const path of ['/new', '/old']) {
  const seen = {
    jose: await told(async () => (await jwtVerify(token, createRemoteJWKSet(new URL(base + path)))).payload.sub),
    'jwks-rsa': await told(async () => (await jwksClient({ jwksUri: base + path }).getSigningKeys()).map(key => key.kid).join()),
    pyjwt: await told(() => python(path)),
  }
  console.log(path === '/old' ? 'behind a 301:' : 'directly:', seen)
  const values = Object.values(seen)
  const refused = values.filter(value => /refused|ConnectionError/.test(value)).length
  asGuessed ||= path === '/old' ? refused !== 3 : refused !== 0
}
server.close(); server.closeAllConnections()
process.exit(asGuessed ? 1 : 0)
JS
node run.mjs
