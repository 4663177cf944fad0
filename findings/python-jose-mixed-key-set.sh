#!/usr/bin/env bash
# python-jose 3.5.0 (PyPI): a key set that holds keys of two types refuses good tokens if a key of
# the other type stands first; `kid` plays no part.
#
# Guess: given a whole key set, it picks the key by `kid`, or at least passes over keys of another
#   type, as PyJWT, joserfc and jose (npm) do.
# Seen:  [OKP, EC]: an ES256 token is refused with JWKError "Incorrect key type. Expected: 'EC',
#   Received: OKP"; [EC, OKP], [EC], or the key chosen by `kid` beforehand: accepted.
# Here:  after a change of the signing algorithm the key set shows keys of both kinds until the last
#   old token has ended, so such a backend must choose the key by `kid` itself.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check python-jose==3.5.0 pyjwt==2.15.1 cryptography==50.0.2
cat > run.py <<'PY'
import json, sys, time
import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from jose import jwt, exceptions
es, ed = ec.generate_private_key(ec.SECP256R1()), ed25519.Ed25519PrivateKey.generate()
ec_jwk = {**json.loads(pyjwt.algorithms.ECAlgorithm.to_jwk(es.public_key())), "kid": "new", "alg": "ES256", "use": "sig"}
okp_jwk = {**json.loads(pyjwt.algorithms.OKPAlgorithm.to_jwk(ed.public_key())), "kid": "old", "alg": "EdDSA", "use": "sig"}
token = pyjwt.encode({"sub": "u", "exp": int(time.time()) + 300}, es, algorithm="ES256", headers={"kid": "new"})

def ask(keys):
    try:
        return jwt.decode(token, keys, algorithms=["ES256"])["sub"]
    except exceptions.JOSEError as error:
        return f"{type(error).__name__}: {error}"

both = {"keys": [okp_jwk, ec_jwk]}
kid = jwt.get_unverified_header(token)["kid"]
seen = {
    "other kind first": ask(both),
    "other kind last": ask({"keys": [ec_jwk, okp_jwk]}),
    "one kind": ask({"keys": [ec_jwk]}),
    "chosen by kid": ask(next(key for key in both["keys"] if key["kid"] == kid)),
}
print("python-jose 3.5.0", seen)
first = seen.pop("other kind first")
sys.exit(0 if "Incorrect key type" in first and set(seen.values()) == {"u"} else 1)
PY
venv/bin/python run.py
