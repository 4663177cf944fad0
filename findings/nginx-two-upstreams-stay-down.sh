#!/usr/bin/env bash
# nginx 1.22.1 (Debian 12): for ten seconds after two servers of an `upstream` have refused one request
# each, nobody gets through, although both are back.
#
# Guess: a second server only makes a gateway more patient; as soon as one of them listens again, the
#   next request is answered.
# Seen:  with one server in the upstream it is so. With two, one request while both are away marks both
#   (max_fails=1, fail_timeout=10s by default), and the following ones are 502 "no live upstreams"
#   without a try, until the ten seconds are over. With max_fails=0 the next one is answered.
# Here:  two replicas that restart together are away for some ten seconds longer than one. Restart them
#   one after the other, or set max_fails=0 and leave it to proxy_next_upstream.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download nginx > /dev/null 2>&1 && dpkg-deb -x nginx_*.deb .
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { existsSync, writeFileSync, renameSync } from 'node:fs'
const folder = process.cwd()
const free = () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
const [port, a, b] = [await free(), await free(), await free()]
const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
writeFileSync('nginx.conf', `daemon off; pid ${folder}/pid; error_log ${folder}/error.log; events {}
http { access_log off; ${temp}
  upstream one { server 127.0.0.1:${a}; }
  upstream two { server 127.0.0.1:${a}; server 127.0.0.1:${b}; }
  upstream patient { server 127.0.0.1:${a} max_fails=0; server 127.0.0.1:${b} max_fails=0; }
  server { listen 127.0.0.1:${port}; location / { return 200; }
    location = /one { proxy_pass http://one; } location = /two { proxy_pass http://two; } location = /patient { proxy_pass http://patient; } } }
`)
writeFileSync('port.new', String(port)); renameSync('port.new', 'port')
const wait = setInterval(() => {
  if (!existsSync('start')) return
  clearInterval(wait)
  let waiting = 2
  for (const one of [a, b]) createServer((_, answer) => answer.end('ok')).listen(one, '127.0.0.1', () => { if (!--waiting) writeFileSync('started', '') })
}, 20)
JS
node servers.mjs & until [[ -s port ]]; do sleep 0.1; done
usr/sbin/nginx -v 2>&1 | grep -o 'nginx/1\.22\.1'
usr/sbin/nginx -p "$folder" -e "$folder/error.log" -c "$folder/nginx.conf" &
url=http://127.0.0.1:$(cat port)
until curl -s -o /dev/null "$url/"; do sleep 0.1; done
ask() { curl -s -o /dev/null -w '%{http_code}' "$url/$1"; }
all() { echo "one $(ask one), two $(ask two), two with max_fails=0 $(ask patient)"; }
away=$(all); touch start; until [[ -e started ]]; do sleep 0.05; done; back=$(all); sleep 12; later=$(all)
printf 'away: %s\nback: %s\n12 s later: %s\n' "$away" "$back" "$later"
grep -o 'no live upstreams' error.log | head -1
[[ $away == "one 502, two 502, two with max_fails=0 502" && $back == "one 200, two 502, two with max_fails=0 200" && $later == "one 200, two 200, two with max_fails=0 200" ]]
