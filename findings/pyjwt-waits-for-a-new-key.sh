#!/usr/bin/env bash
# PyJWT 2.15.1 (PyPI): after any read of the key set, PyJWKClient does not look for an unknown `kid`
# for 30 seconds.
#
# Guess: an unknown `kid` makes it read the key set anew at once, as it did for years.
# Seen:  the key set is read once; a token with a key that was added a moment later is refused with
#   PyJWKClientError without a further read; with cooldown_duration=0 it is read and accepted. The
#   read that an expired cache causes starts the 30 seconds too.
# Here:  a new signing key must be published for more than 30 s before it signs (the service waits
#   35 s); whoever shortens that, or signs with a key made by hand, is refused by such backends.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check pyjwt==2.15.1 cryptography==50.0.2
cat > run.py <<'PY'
import http.server, json, sys, threading, time
import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519

private = {kid: ed25519.Ed25519PrivateKey.generate() for kid in ("old", "new")}
published, reads = ["old"], 0

class KeySet(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        global reads
        reads += 1
        keys = [{**json.loads(jwt.algorithms.OKPAlgorithm.to_jwk(private[kid].public_key())), "kid": kid, "alg": "EdDSA", "use": "sig"} for kid in published]
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps({"keys": keys}).encode())
    def log_message(self, *_):
        pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), KeySet)
threading.Thread(target=server.serve_forever, daemon=True).start()

def token(kid):
    return jwt.encode({"sub": "u", "exp": int(time.time()) + 300}, private[kid], algorithm="EdDSA", headers={"kid": kid})

def ask(client, kid):
    try:
        return jwt.decode(token(kid), client.get_signing_key_from_jwt(token(kid)).key, algorithms=["EdDSA"])["sub"]
    except jwt.PyJWKClientError as error:
        return type(error).__name__

url = f"http://127.0.0.1:{server.server_port}/"
default, eager = jwt.PyJWKClient(url), jwt.PyJWKClient(url, cooldown_duration=0)
first = ask(default, "old"), ask(eager, "old")
published.append("new")
reads = 0
seen = ask(default, "new")
reads_by_default = reads
seen_eager = ask(eager, "new")
print(f"PyJWT {jwt.__version__}: before {first}; new key {seen} after {reads_by_default} reads; without cooldown {seen_eager}")
sys.exit(0 if (seen, reads_by_default, seen_eager) == ("PyJWKClientError", 0, "u") else 1)
PY
venv/bin/python run.py
