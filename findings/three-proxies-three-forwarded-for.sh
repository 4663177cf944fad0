#!/usr/bin/env bash
# nginx 1.22.1, Caddy 2.6.2, HAProxy 2.6.12 (Debian 12), each as its manual shows it: what becomes of
# an X-Forwarded-For that a CDN in front has set.
#
# Guess: all three append the address of their peer to the list: "203.0.113.7, 127.0.0.1".
# Seen:  nginx ($proxy_add_x_forwarded_for) does. HAProxy (option forwardfor) leaves the header and
#   adds a second one. Caddy throws the list away and sends its peer alone, unless the peer is named
#   in `trusted_proxies`.
# Here:  a reader must take all lines of the header in order, not the first; and behind CDN and Caddy
#   all users look like the CDN until Caddy is told to trust it.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download nginx caddy haproxy > /dev/null 2>&1 && for package in *.deb; do dpkg-deb -x "$package" .; done
apt-get download liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 > /dev/null 2>&1 && for package in lib*.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { writeFileSync, renameSync } from 'node:fs'
const upstream = createServer((request, answer) => {
  const lines = request.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1].toLowerCase() === 'x-forwarded-for')
  answer.end(JSON.stringify(lines))
})
const free = () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
await new Promise(done => upstream.listen(0, '127.0.0.1', done))
const to = `127.0.0.1:${upstream.address().port}`
const ports = [await free(), await free(), await free()]
const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${process.cwd()}/${name};`).join(' ')
writeFileSync('nginx.conf', `daemon off; pid ${process.cwd()}/pid; error_log ${process.cwd()}/error.log; events {}
http { access_log off; ${temp} server { listen 127.0.0.1:${ports[0]};
  location / { proxy_pass http://${to}; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; } } }
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
  option forwardfor
frontend in
  bind 127.0.0.1:${ports[2]}
  default_backend out
backend out
  server one ${to}
`)
writeFileSync('ports.new', ports.join(' ') + '\n'); renameSync('ports.new', 'ports')
JS
node servers.mjs & until [[ -s ports ]]; do sleep 0.1; done
read -r nginx caddy haproxy < ports
usr/sbin/nginx -v 2>&1 | grep -o 'nginx/1\.22\.1'; usr/bin/caddy version | grep -o '^v*2\.6\.2'; usr/sbin/haproxy -v | grep -o 'version 2\.6\.12'
usr/sbin/nginx -p "$folder" -e "$folder/error.log" -c "$folder/nginx.conf" &
XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder usr/bin/caddy run --config Caddyfile 2> caddy.log &
usr/sbin/haproxy -f haproxy.cfg 2> haproxy.log &
ask() { until curl -s -o /dev/null "http://127.0.0.1:$1/"; do sleep 0.1; done; curl -s -H 'X-Forwarded-For: 203.0.113.7' "http://127.0.0.1:$1/"; }
seen="nginx $(ask "$nginx") caddy $(ask "$caddy") haproxy $(ask "$haproxy")"; echo "$seen"
[[ $seen == 'nginx ["203.0.113.7, 127.0.0.1"] caddy ["127.0.0.1"] haproxy ["203.0.113.7","127.0.0.1"]' ]]
