#!/usr/bin/env bash
# HAProxy 2.6.12 (Debian 12), curl 7.88.1, Node.js: a 401 to an upload over HTTP/2.
#
# Guess: HAProxy answers 401 before it has read the body; over HTTP/2 the client gets this response, as RFC 9113
#   (8.1) describes: the complete response, then RST_STREAM with NO_ERROR.
# Seen:  for a body of 1 MB the response is followed by RST_STREAM with CANCEL (8). curl ends with 92 and reports no
#   status at all; Node's http2 has the 401. A body of 10 kB has the same effect from time to time. Without a body,
#   and over HTTP/1.1 with 1 MB, curl has the 401.
# Here:  a phone whose token has expired can see a network error instead of the 401 when it uploads. Refresh a token
#   that is about to expire before an upload, or use a gateway that reads the body (nginx, Caddy).
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; cd "$folder"
apt-get download haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 > /dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
usr/sbin/haproxy -v | grep -o 'version 2\.6\.12'; curl --version | grep -o '^curl 7\.88\.1'
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close() })")
cat > haproxy.cfg <<CFG
defaults
  mode http
  timeout client 5s
  timeout server 5s
  timeout connect 5s
frontend in
  bind 127.0.0.1:$port
  http-request return status 401 content-type text/plain string refused
CFG
usr/sbin/haproxy -db -f haproxy.cfg &
until curl -s -o /dev/null "http://127.0.0.1:$port/"; do sleep 0.1; done
cat > run.mjs <<'JS'
import { connect } from 'node:http2'
const session = connect(process.argv[2])
const stream = session.request({ ':path': '/', ':method': 'POST' })
let status
stream.on('response', headers => { status = headers[':status'] }).on('error', () => {}).resume()
stream.on('close', () => { console.log(`${status} reset ${stream.rstCode}`); session.destroy() })
stream.end(Buffer.alloc(1_000_000))
JS
touch empty; head -c 1000000 /dev/zero > large
upload() { local code=0; curl -s -o /dev/null -w '%{http_code} ' -H Expect: "$1" --data-binary "@$2" "http://127.0.0.1:$port/" || code=$?; echo "exit $code"; }
seen="empty: $(upload --http2-prior-knowledge empty); 1 MB: $(upload --http2-prior-knowledge large); HTTP/1.1: $(upload --http1.1 large); Node: $(node run.mjs "http://127.0.0.1:$port")"
echo "$seen"
[[ $seen == "empty: 401 exit 0; 1 MB: 000 exit 92; HTTP/1.1: 401 exit 0; Node: 401 reset 8" ]]
