#!/usr/bin/env bash
# nginx 1.22.1 (Debian 12): of a refusal by `auth_request` the client sees little.
#
# Guess: the client gets the auth endpoint's answer: its status, its body, its Retry-After.
# Seen:  401 keeps WWW-Authenticate and loses the body (nginx's own HTML page instead); 429 and 503
#   become 500, without Retry-After.
# Here:  a phone behind such a gateway cannot read `"error":"token_expired"` from the body, and takes
#   a pause of the login service for a fault of the backend. `error_page` with a named location that
#   asks the auth endpoint once more brings the real answer back.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download nginx > /dev/null 2>&1 && dpkg-deb -x nginx_*.deb .
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { writeFileSync, renameSync } from 'node:fs'
const auth = createServer((request, answer) => {
  const status = Number(request.headers['x-want'])
  answer.writeHead(status, { 'content-type': 'application/json', 'retry-after': '3', ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}) })
  answer.end('{"error":"the_reason"}')
})
const free = await new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
await new Promise(done => auth.listen(0, '127.0.0.1', done))
const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${process.cwd()}/${name};`).join(' ')
writeFileSync('nginx.conf', `daemon off; pid ${process.cwd()}/pid; error_log ${process.cwd()}/error.log; events {}
http { access_log off; ${temp}
  server { listen 127.0.0.1:${free};
    location = /_auth { internal; proxy_pass http://127.0.0.1:${auth.address().port}/auth/verify; proxy_pass_request_body off; proxy_set_header Content-Length ""; }
    location / { auth_request /_auth; proxy_pass http://127.0.0.1:${auth.address().port}; } } }
`)
writeFileSync('port.new', String(free)); renameSync('port.new', 'port')
JS
node servers.mjs & until [[ -s port ]]; do sleep 0.1; done
usr/sbin/nginx -v 2>&1 | grep -o 'nginx/1\.22\.1'
usr/sbin/nginx -p "$folder" -e "$folder/error.log" -c "$folder/nginx.conf" &
url=http://127.0.0.1:$(cat port)/
until curl -s -o /dev/null -H 'X-Want: 401' "$url"; do sleep 0.1; done
seen=
for status in 401 429 503; do
    answer=$(curl -s -i -H "X-Want: $status" "$url")
    got=$(sed -n '1s/^HTTP\/1.1 \([0-9]*\).*/\1/p' <<< "$answer")
    has() { grep -qi "$1" <<< "$answer" && echo yes || echo no; }
    line="$status -> $got, WWW-Authenticate $(has '^www-authenticate: bearer'), Retry-After $(has '^retry-after'), body $(has the_reason)"
    echo "$line"; seen+="$line;"
done
[[ $seen == "401 -> 401, WWW-Authenticate yes, Retry-After no, body no;429 -> 500, WWW-Authenticate no, Retry-After no, body no;503 -> 500, WWW-Authenticate no, Retry-After no, body no;" ]]
