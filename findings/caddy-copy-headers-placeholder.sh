#!/usr/bin/env bash
# Caddy 2.6.2 (Debian 12): `forward_auth` with `copy_headers` sends the text of a placeholder
# upstream for a header that the auth answer lacks.
#
# Guess: a header that is absent is removed, or arrives empty.
# Seen:  the upstream gets `X-Session-Id: {http.reverse_proxy.header.X-Session-Id}`. A header that is
#   there and empty arrives empty.
# Here:  an auth endpoint must send every header that its gateways copy, also without a value.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; cd "$folder"
apt-get download caddy > /dev/null 2>&1 && dpkg-deb -x caddy_*.deb .
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { writeFileSync } from 'node:fs'
const auth = createServer((_, answer) => answer.writeHead(200, { 'X-User-Id': 'u1', 'X-App-Id': '' }).end())
const upstream = createServer((request, answer) => answer.end(JSON.stringify({
  user: request.headers['x-user-id'], app: request.headers['x-app-id'], session: request.headers['x-session-id'] })))
const listen = server => new Promise(done => server.listen(0, '127.0.0.1', () => done(server.address().port)))
const free = await new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
writeFileSync('Caddyfile', `{
  admin off
  auto_https off
}
http://127.0.0.1:${free} {
  forward_auth 127.0.0.1:${await listen(auth)} {
    uri /auth/verify
    copy_headers X-User-Id X-App-Id X-Session-Id
  }
  reverse_proxy 127.0.0.1:${await listen(upstream)}
}
`)
writeFileSync('port', String(free))
JS
node servers.mjs & until [[ -s port ]]; do sleep 0.1; done
usr/bin/caddy version | grep -o '^v*2\.6\.2'
XDG_DATA_HOME=$folder XDG_CONFIG_HOME=$folder usr/bin/caddy run --config Caddyfile 2> caddy.log &
url=http://127.0.0.1:$(cat port)/
until curl -s -o /dev/null "$url"; do sleep 0.1; done
seen=$(curl -s "$url"); echo "$seen"
[[ $seen == '{"user":"u1","app":"","session":"{http.reverse_proxy.header.X-Session-Id}"}' ]]
