#!/usr/bin/env bash
# nginx 1.22.1, Caddy 2.6.2, HAProxy 2.6.12, Apache 2.4 (Debian 12): how the names of an answer's headers
# are spelt behind them, over HTTP/1.1.
#
# Guess: as the service sent them; only HTTP/2 makes them lower case.
# Seen:  nginx and Apache leave them. HAProxy makes all of them lower case (`www-authenticate`). Caddy
#   writes its own capitals: `x-request-id` becomes `X-Request-Id`, and `ETag` becomes `Etag`.
# Here:  wx.request hands header names over as they arrived, so `header['x-request-id']` that works at
#   the developer's desk is undefined behind Caddy, and `header['Retry-After']` behind HAProxy. A
#   client looks names up without regard to case.
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
const upstream = createServer((_, answer) => answer.writeHead(200, ['x-request-id', '1', 'WWW-Authenticate', 'Bearer', 'ETag', '"v1"']).end('ok'))
await new Promise(done => upstream.listen(0, '127.0.0.1', done))
const to = `127.0.0.1:${upstream.address().port}`
const ports = [await free(), await free(), await free(), await free()]
const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
writeFileSync('nginx.conf', `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http { access_log off; ${temp} server { listen 127.0.0.1:${ports[0]}; location / { proxy_pass http://${to}; } } }
`)
writeFileSync('Caddyfile', `{
  admin off
  auto_https off
}
http://127.0.0.1:${ports[1]} {
  reverse_proxy ${to}
}
`)
writeFileSync('haproxy.cfg', `defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend in
  bind 127.0.0.1:${ports[2]}
  default_backend out
backend out
  server one ${to}
`)
const modules = ['mpm_event', 'authz_core', 'proxy', 'proxy_http'].map(name => `LoadModule ${name}_module ${folder}/usr/lib/apache2/modules/mod_${name}.so`).join('\n')
writeFileSync('apache.conf', `ServerRoot ${folder}
ServerName localhost
PidFile ${folder}/apache.pid
ErrorLog ${folder}/apache.log
DefaultRuntimeDir ${folder}
Listen 127.0.0.1:${ports[3]}
${modules}
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
    line="$name: $(curl -s -D - -o /dev/null "http://127.0.0.1:${!name}/" | grep -oiE '^(x-request-id|www-authenticate|etag):' | sort -f | tr -d ':' | paste -sd ' ')"
    echo "$line"; seen+="$line;"
done
[[ $seen == "nginx: ETag WWW-Authenticate x-request-id;caddy: Etag Www-Authenticate X-Request-Id;haproxy: etag www-authenticate x-request-id;apache: ETag WWW-Authenticate x-request-id;" ]]
