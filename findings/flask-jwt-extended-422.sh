#!/usr/bin/env bash
# Flask-JWT-Extended 4.7.4 (PyPI): a bad token is 401 or 422, depending on what is bad.
#
# Guess: 401 for every token that is not accepted, with WWW-Authenticate (RFC 6750).
# Seen:  401 for an expired or a missing one; 422 Unprocessable Entity for one of another key, of
#   another issuer, or with an `iat` ahead of the clock. WWW-Authenticate is never sent.
# Here:  a mini program that logs in anew at 401 alone stays locked out after the signing key was
#   changed by hand, or the issuer's address: every request is 422 until the old token's end. Register
#   `invalid_token_loader` with 401.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check flask-jwt-extended==4.7.4 flask==3.1.3 pyjwt==2.15.1 cryptography==50.0.2
cat > run.py <<'PY'
import sys, time
import flask, jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask_jwt_extended import JWTManager, jwt_required

key, former = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
app = flask.Flask("backend")
app.config.update(JWT_ALGORITHM="ES256", JWT_DECODE_ISSUER="https://login.example.com",
    JWT_PUBLIC_KEY=key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())
JWTManager(app)

@app.get("/")
@jwt_required()
def me():
    return "ok"

now = int(time.time())
def token(signer=key, **claims):
    return jwt.encode({"sub": "u", "iss": "https://login.example.com", "iat": now - 1, "exp": now + 300, **claims}, signer, algorithm="ES256")

seen = {}
for name, value in {"good": token(), "expired": token(exp=now - 5), "none": None, "former key": token(former),
        "former issuer": token(iss="https://old.example.com"), "iat ahead": token(iat=now + 30)}.items():
    answer = app.test_client().get("/", headers={"Authorization": f"Bearer {value}"} if value else {})
    seen[name] = answer.status_code, answer.headers.get("WWW-Authenticate"), answer.text.strip()[:50]
    print(name, *seen[name])
statuses = [status for status, _, _ in seen.values()]
sys.exit(0 if statuses == [200, 401, 401, 422, 422, 422] and not any(header for _, header, _ in seen.values()) else 1)
PY
venv/bin/python run.py
