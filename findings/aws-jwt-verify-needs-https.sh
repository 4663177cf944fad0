#!/usr/bin/env bash
# aws-jwt-verify 5.2.1 (npm): reads a key set over https only, also from the own machine.
#
# Guess: as with other verifiers, `jwksUri: 'http://127.0.0.1:5000/.well-known/jwks.json'` works
#   inside one host or cluster.
# Seen:  TypeError [ERR_INVALID_PROTOCOL]: Protocol "http:" not supported. Expected "https:", at the
#   first token. Given the same key set by `cacheJwks`, the verifier takes EdDSA, ES256 and RS256.
# Here:  a backend beside the login service, behind no TLS, needs its own fetcher or `cacheJwks`.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund aws-jwt-verify@5.2.1 jose@6.2.18
cat > run.mjs <<'JS'
import { createServer } from 'node:http'
import { generateKeyPair, exportJWK, SignJWT } from 'jose'
import { JwtVerifier } from 'aws-jwt-verify'
const issuer = 'https://login.example.com'
const made = await Promise.all(['EdDSA', 'ES256', 'RS256'].map(async alg => {
  const { publicKey, privateKey } = await generateKeyPair(alg)
  const token = await new SignJWT({}).setProtectedHeader({ alg, kid: alg }).setIssuer(issuer).setSubject('u')
    .setIssuedAt().setExpirationTime('5m').sign(privateKey)
  return { alg, token, jwk: { ...(await exportJWK(publicKey)), kid: alg, alg, use: 'sig' } }
}))
const keys = made.map(one => one.jwk)
const server = createServer((_, answer) => { answer.setHeader('content-type', 'application/json'); answer.end(JSON.stringify({ keys })) })
server.listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const jwksUri = `http://127.0.0.1:${server.address().port}/jwks.json`
const told = async work => { try { return await work() } catch (error) { return error.code ?? error.name } }
let asSeen = true
for (const { alg, token } of made) {
  const overHttp = await told(async () => (await JwtVerifier.create({ issuer, audience: null, jwksUri }).verify(token)).sub)
  const cached = JwtVerifier.create({ issuer, audience: null, jwksUri: 'https://login.example.com/jwks.json' })
  cached.cacheJwks({ keys })
  const given = await told(async () => (await cached.verify(token)).sub)
  console.log(`aws-jwt-verify 5.2.1 ${alg}: over http ${overHttp}, key set given ${given}`)
  asSeen &&= overHttp === 'ERR_INVALID_PROTOCOL' && given === 'u'
}
server.close(); server.closeAllConnections()
process.exit(asSeen ? 0 : 1)
JS
node run.mjs
