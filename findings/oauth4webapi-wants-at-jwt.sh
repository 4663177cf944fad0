#!/usr/bin/env bash
# oauth4webapi 3.8.8 (npm): validateJwtAccessToken takes tokens of RFC 9068 alone.
#
# Guess: any signed JWT of the issuer and audience is an access token to it, as to jose,
#   express-oauth2-jwt-bearer and PyJWT.
# Seen:  a token without `typ` is "unexpected JWT "typ" header parameter value"; with `typ: at+jwt` it
#   still asks for client_id, jti and iat, one after the other. With all of them it is accepted.
# Here:  a backend on this library cannot verify a plain login token with it, and no option loosens
#   that: verify with jose instead, or issue tokens in the form of RFC 9068.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund oauth4webapi@3.8.8 jose@6.2.18
cat > run.mjs <<'JS'
import { createServer } from 'node:http'
import { generateKeyPair, exportJWK, SignJWT, jwtVerify } from 'jose'
import { validateJwtAccessToken, allowInsecureRequests } from 'oauth4webapi'
const { publicKey, privateKey } = await generateKeyPair('ES256')
const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }]
const server = createServer((_, answer) => { answer.setHeader('content-type', 'application/json'); answer.end(JSON.stringify({ keys })) }).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const issuer = 'https://login.example.com', audience = 'backend'
const told = async work => { try { return await work() } catch (error) { return error.message } }
const seen = {}
const iat = Math.floor(Date.now() / 1000)
for (const [name, header, claims] of [['plain', {}, { iat, jti: 'j' }], ['at+jwt', { typ: 'at+jwt' }, { iat, jti: 'j' }], ['and client_id', { typ: 'at+jwt' }, { iat, jti: 'j', client_id: 'c' }],
  ['without jti', { typ: 'at+jwt' }, { iat, client_id: 'c' }], ['without iat', { typ: 'at+jwt' }, { jti: 'j', client_id: 'c' }]]) {
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'k', ...header }).setIssuer(issuer).setAudience(audience)
    .setSubject('u').setExpirationTime('5m').sign(privateKey)
  const request = new Request('https://backend.example.com/', { headers: { authorization: `Bearer ${token}` } })
  const server_ = { issuer, jwks_uri: `http://127.0.0.1:${server.address().port}/` }
  seen[name] = {
    oauth4webapi: await told(async () => (await validateJwtAccessToken(server_, request, audience, { [allowInsecureRequests]: true })).sub),
    jose: (await jwtVerify(token, publicKey, { issuer, audience })).payload.sub,
  }
}
console.log(seen)
server.close(); server.closeAllConnections()
const says = name => seen[name].oauth4webapi
const asSeen = /"typ" header/.test(says('plain')) && /client_id/.test(says('at+jwt')) && says('and client_id') === 'u' && /"jti"/.test(says('without jti')) && /"iat"/.test(says('without iat'))
process.exit(asSeen && Object.values(seen).every(one => one.jose === 'u') ? 0 : 1)
JS
node run.mjs
