#!/usr/bin/env bash
# Authlib 1.9.10, joserfc 1.8.0, PyJWT 2.15.1 (PyPI), jose 6.2.18, jwks-rsa 4.1.0 (npm): a key set with
# one key of a type that the library does not know (`"kty": "AKP"`, ML-DSA).
#
# Guess: it is passed over, as RFC 7517 section 5 asks, and tokens of the other key are accepted.
# Seen:  joserfc, PyJWT, jose and jwks-rsa do so. Authlib raises KeyError: 'AKP' from
#   import_key_set, wherever in the set the key stands, so that no token at all can be verified.
# Here:  the first key of a new type in /.well-known/jwks.json stops the backends on Authlib, some
#   weeks before it signs anything. Such a backend picks the key by `kid` and imports that one alone.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund jose@6.2.18 jwks-rsa@4.1.0
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check pyjwt==2.15.1 authlib==1.9.10 joserfc==1.8.0 cryptography==50.0.2
cat > ask.py <<'PY'
import json, sys
import jwt as pyjwt
from authlib.jose import JsonWebKey, JsonWebToken
from joserfc import jwt as joserfc
from joserfc.jwk import KeySet
token, keys = sys.argv[1], json.loads(sys.argv[2])

def told(ask):
    try:
        return ask()
    except Exception as error:
        return f"{type(error).__name__}: {error}"

print(json.dumps({
    "Authlib": told(lambda: JsonWebToken(["ES256"]).decode(token, JsonWebKey.import_key_set(keys))["sub"]),
    "joserfc": told(lambda: joserfc.decode(token, KeySet.import_key_set(keys), algorithms=["ES256"]).claims["sub"]),
    "PyJWT": told(lambda: pyjwt.decode(token, pyjwt.PyJWKSet.from_dict(keys)["k"].key, algorithms=["ES256"])["sub"]),
}))
PY
cat > run.mjs <<'JS'
import { execFileSync } from 'node:child_process'
import { generateKeyPair, exportJWK, SignJWT, jwtVerify, createLocalJWKSet } from 'jose'
import jwksClient from 'jwks-rsa'
const { publicKey, privateKey } = await generateKeyPair('ES256')
const known = { ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256', use: 'sig' }
const unknown = { kty: 'AKP', alg: 'ML-DSA-44', kid: 'new', use: 'sig', pub: Buffer.alloc(1312, 7).toString('base64url') }
const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'k' }).setSubject('u').setExpirationTime('5m').sign(privateKey)
const seen = {}
for (const [name, keys] of Object.entries({ 'known alone': [known], 'unknown last': [known, unknown], 'unknown first': [unknown, known] })) {
  seen[name] = {
    ...JSON.parse(execFileSync('venv/bin/python', ['ask.py', token, JSON.stringify({ keys })], { stdio: ['ignore', 'pipe', 'ignore'] })),
    jose: (await jwtVerify(token, createLocalJWKSet({ keys }))).payload.sub,
    'jwks-rsa': (await jwksClient({ jwksUri: 'http://127.0.0.1/', fetcher: async () => ({ keys }) }).getSigningKey('k')).kid === 'k' ? 'u' : 'none',
  }
}
console.log(seen)
const answers = name => Object.values(seen[name]).join()
process.exit(answers('known alone') === 'u,u,u,u,u' && ['unknown last', 'unknown first'].every(name => answers(name) === "KeyError: 'AKP',u,u,u,u") ? 0 : 1)
JS
node run.mjs
