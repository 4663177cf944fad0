#!/usr/bin/env bash
# PyJWT 2.15.1, Authlib 1.9.10, joserfc 1.8.0, python-jose 3.5.0 (PyPI), jose 6.2.18, jsonwebtoken 9.0.3
# (npm): a token whose `iat` is three seconds ahead of the verifier's clock.
#
# Guess: accepted by all. RFC 7519 gives `nbf` for "not before"; `iat` only tells the age.
# Seen:  PyJWT ("not yet valid (iat)"), Authlib and joserfc ("issued in the future") refuse it unless
#   they are given a leeway; python-jose, jose and jsonwebtoken accept it.
# Here:  a token that has just been issued is refused for as long as the backend's clock is behind the
#   login service's, and accepted when tried again a little later. Give these three a leeway of some
#   seconds; leaving `nbf` out does not help.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund jose@6.2.18 jsonwebtoken@9.0.3
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check pyjwt==2.15.1 authlib==1.9.10 joserfc==1.8.0 python-jose==3.5.0 cryptography==50.0.2
cat > ask.py <<'PY'
import json, sys
import jwt as pyjwt
from authlib.jose import JsonWebKey, JsonWebToken
from jose import jwt as python_jose
from joserfc import jwt as joserfc
from joserfc.jwk import JWKRegistry
token, jwk = sys.argv[1], json.loads(sys.argv[2])

def authlib(leeway):
    claims = JsonWebToken(["ES256"]).decode(token, JsonWebKey.import_key(jwk))
    claims.validate(leeway=leeway)

def rfc(leeway):
    found = joserfc.decode(token, JWKRegistry.import_key(jwk), algorithms=["ES256"])
    joserfc.JWTClaimsRegistry(leeway=leeway).validate(found.claims)

def told(ask, leeway):
    try:
        ask(leeway)
        return "accepted"
    except Exception as error:
        return f"{type(error).__name__}: {error}"

asks = {
    "PyJWT": lambda leeway: pyjwt.decode(token, pyjwt.PyJWK(jwk).key, algorithms=["ES256"], leeway=leeway),
    "Authlib": authlib,
    "joserfc": rfc,
    "python-jose": lambda leeway: python_jose.decode(token, jwk, algorithms=["ES256"], options={"leeway": leeway}),
}
print(json.dumps({name: {"no leeway": told(ask, 0), "leeway 10": told(ask, 10)} for name, ask in asks.items()}))
PY
cat > run.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { generateKeyPair, exportJWK, SignJWT, jwtVerify } from 'jose'
import jsonwebtoken from 'jsonwebtoken'
const { publicKey, privateKey } = await generateKeyPair('ES256')
const jwk = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
const sign = ahead => new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setSubject('u')
  .setIssuedAt(Math.floor(Date.now() / 1000) + ahead).setExpirationTime('5m').sign(privateKey)
const told = async work => { try { await work(); return 'accepted' } catch (error) { return error.message } }
const ask = async ahead => {
  const token = await sign(ahead)
  return {
    ...JSON.parse(execFileSync('venv/bin/python', ['ask.py', token, JSON.stringify(jwk)], { stdio: ['ignore', 'pipe', 'ignore'] })),
    jose: { 'no leeway': await told(() => jwtVerify(token, publicKey)) },
    jsonwebtoken: { 'no leeway': await told(() => jsonwebtoken.verify(token, createPublicKey({ key: jwk, format: 'jwk' }))) },
  }
}
// Five seconds ahead when signed, some three when Python has started.
const [right, ahead] = [await ask(-1), await ask(5)]
console.log('iat ahead:', ahead)
const all = Object.values(ahead)
const asSeen = Object.values(right).every(one => Object.values(one).every(text => text === 'accepted'))
  && ['PyJWT', 'Authlib', 'joserfc'].every(name => /\(iat\)|issued in the future/.test(ahead[name]['no leeway']))
  && ['python-jose', 'jose', 'jsonwebtoken'].every(name => ahead[name]['no leeway'] === 'accepted')
  && all.every(one => (one['leeway 10'] ?? 'accepted') === 'accepted')
process.exit(asSeen ? 0 : 1)
JS
node run.mjs
