#!/usr/bin/env bash
# nginx 1.22.1, Caddy 2.6.2, HAProxy 2.6.12, Apache 2.4 (Debian 12), each compressing what a service
# behind it answers: what becomes of the ETag, and of the request that asks with it again.
#
# Guess: a gateway leaves the ETag alone or makes it weak, and the next request with If-None-Match
#   gets 304.
# Seen:  nginx and HAProxy make it weak (`W/"v1"`), Caddy leaves it, and all three get the 304. Apache
#   calls it `"v1-gzip"` and passes that name on to the service, which does not know it: 200 with the
#   whole body, for ever.
# Here:  a service compares If-None-Match weakly (RFC 9110 says so), or nginx and HAProxy cost the 304
#   as well; behind Apache, set `DeflateAlterETag NoChange`, or switch compression off there.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download nginx caddy haproxy apache2-bin > /dev/null 2>&1
apt-get download liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 libapr1 libaprutil1 > /dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { writeFileSync, renameSync } from 'node:fs'
const folder = process.cwd()
const free = () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
const body = JSON.stringify({ keys: Array(100).fill({ kty: 'OKP', crv: 'Ed25519' }) })
const upstream = createServer((request, answer) => {
  const etag = '"v1"', asked = (request.headers['if-none-match'] ?? '').split(',').map(one => one.trim().replace(/^W\//, ''))
  if (asked.includes(etag)) return answer.writeHead(304, { ETag: etag }).end()
  answer.writeHead(200, { 'Content-Type': 'application/json', ETag: etag }).end(body)
})
await new Promise(done => upstream.listen(0, '127.0.0.1', done))
const to = `127.0.0.1:${upstream.address().port}`
const ports = [await free(), await free(), await free(), await free()]
const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
writeFileSync('nginx.conf', `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http { access_log off; ${temp} server { listen 127.0.0.1:${ports[0]}; gzip on; gzip_proxied any; gzip_types application/json; location / { proxy_pass http://${to}; } } }
`)
writeFileSync('Caddyfile', `{
  admin off
  auto_https off
}
http://127.0.0.1:${ports[1]} {
  encode gzip
  reverse_proxy ${to}
}
`)
writeFileSync('haproxy.cfg', `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
  compression algo gzip
  compression type application/json
frontend in
  bind 127.0.0.1:${ports[2]}
  default_backend out
backend out
  server one ${to}
`)
const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http', 'filter', 'deflate'].map(name => `LoadModule ${name}_module ${folder}/usr/lib/apache2/modules/mod_${name}.so`).join('\n')
writeFileSync('apache.conf', `ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
ErrorLog ${folder}/apache.log
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${ports[3]}
${modules}
AddOutputFilterByType DEFLATE application/json
ProxyPass / http://${to}/
`)
writeFileSync('ports.new', ports.join(' ') + '\n'); renameSync('ports.new', 'ports')
JS
node servers.mjs & until [[ -s ports ]]; do sleep 0.1; done
read -r nginx caddy haproxy apache < ports
usr/sbin/nginx -v 2>&1 | grep -o 'nginx/1\.22\.1'; usr/bin/caddy version | grep -o '^v*2\.6\.2'; usr/sbin/haproxy -v | grep -o 'version 2\.6\.12'; usr/sbin/apache2 -v | grep -o 'Apache/2\.4\.[0-9]*'
usr/sbin/nginx -p "$folder" -e "$folder/error.log" -c "$folder/nginx.conf" &
XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder usr/bin/caddy run --config Caddyfile 2> caddy.log &
usr/sbin/haproxy -f haproxy.cfg 2> haproxy.log &
usr/sbin/apache2 -d "$folder" -f "$folder/apache.conf" -DFOREGROUND &
for port in "$nginx" "$caddy" "$haproxy" "$apache"; do until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.1; done; done
seen=
for name in nginx caddy haproxy apache; do
    url="http://127.0.0.1:${!name}/"
    etag=$(curl -s -D - -o /dev/null -H 'Accept-Encoding: gzip' "$url" | tr -d '\r' | sed -n 's/^etag: //Ip')
    again=$(curl -s -o /dev/null -w '%{http_code}' -H 'Accept-Encoding: gzip' -H "If-None-Match: $etag" "$url")
    line="$name: $etag, asked again $again"; echo "$line"; seen+="$line;"
done
[[ $seen == 'nginx: W/"v1", asked again 304;caddy: "v1", asked again 304;haproxy: W/"v1", asked again 304;apache: "v1-gzip", asked again 200;' ]]
