#!/usr/bin/env bash
# mod_auth_openidc 2.4.12.3 in Apache 2.4 (Debian 12) as a resource server: for how long an answer of
# introspection counts.
#
# Guess: OIDCOAuthTokenIntrospectionInterval is an interval in seconds with default 0, so by default
#   every request is introspected and a token that was revoked is refused at once.
# Seen:  0 means "until the token's exp": after the login service says `active: false` the token is
#   still let in. -1 asks at every request, 2 at most every two seconds. And the endpoint has to be
#   https: an http address on 127.0.0.1 does not get past the configuration.
# Here:  behind this module logging out shows only when the token ends. Set -1, or as many seconds as
#   a logged out user may stay.
set -euo pipefail
folder=$(mktemp -d); trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$folder"' EXIT; chmod 755 "$folder"; cd "$folder"
apt-get download apache2-bin libapache2-mod-auth-openidc > /dev/null 2>&1
apt-get download libapr1 libaprutil1 libjansson4 libcjose0 libhiredis0.14 > /dev/null 2>&1
for package in *.deb; do dpkg-deb -x "$package" .; done
ls libapache2-mod-auth-openidc_2.4.12.3*.deb | cut -d_ -f1,2
export LD_LIBRARY_PATH="$folder/usr/lib/x86_64-linux-gnu"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=127.0.0.1 2> /dev/null
cat > servers.mjs <<'JS'
import { createServer } from 'node:http'
import { createServer as createTls } from 'node:https'
import { readFileSync, writeFileSync, renameSync } from 'node:fs'
const free = () => new Promise(done => { const s = createServer().listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)) }) })
const ended = new Set()
const login = createTls({ key: readFileSync('key.pem'), cert: readFileSync('cert.pem') }, (request, answer) => {
  let body = ''
  request.on('data', data => { body += data }).on('end', () => {
    const active = !ended.has(new URLSearchParams(body).get('token'))
    answer.setHeader('content-type', 'application/json')
    answer.end(JSON.stringify(active ? { active, sub: 'u', exp: Math.floor(Date.now() / 1000) + 300 } : { active }))
  })
})
const backend = createServer((request, answer) => { if (request.url.startsWith('/end/')) ended.add(request.url.slice(5)); answer.end('ok') })
await new Promise(done => login.listen(0, '127.0.0.1', done))
await new Promise(done => backend.listen(0, '127.0.0.1', done))
writeFileSync('ports.new', [login.address().port, backend.address().port, await free(), await free(), await free(), await free()].join(' ') + '\n'); renameSync('ports.new', 'ports')
JS
node servers.mjs & until [[ -s ports ]]; do sleep 0.1; done
read -r login backend unset zero each two < ports
start() { # name, port, setting
    { printf 'ServerRoot %s\nServerName localhost\nPidFile %s/%s.pid\nErrorLog %s/%s.log\nDefaultRuntimeDir %s\nListen 127.0.0.1:%s\n' "$folder" "$folder" "$1" "$folder" "$1" "$folder" "$2"
      for module in mpm_event authz_core authz_user authn_core proxy proxy_http auth_openidc; do echo "LoadModule ${module}_module $folder/usr/lib/apache2/modules/mod_$module.so"; done
      printf 'OIDCOAuthIntrospectionEndpoint %s://127.0.0.1:%s/introspect\nOIDCOAuthClientID backend\nOIDCOAuthClientSecret not-secret\nOIDCOAuthRemoteUserClaim sub\nOIDCOAuthSSLValidateServer Off\nOIDCCryptoPassphrase not-secret\n%s\n' "${4:-https}" "$login" "$3"
      printf '<Location />\nAuthType oauth20\nRequire valid-user\n</Location>\nProxyPass / http://127.0.0.1:%s/\n' "$backend"; } > "$1.conf"
    if [[ ${4:-} ]]; then usr/sbin/apache2 -t -d "$folder" -f "$folder/$1.conf"; else usr/sbin/apache2 -d "$folder" -f "$folder/$1.conf" -DFOREGROUND & fi
}
setting=OIDCOAuthTokenIntrospectionInterval
start unset "$unset" ''; start zero "$zero" "$setting 0"; start each "$each" "$setting -1"; start two "$two" "$setting 2"
for name in unset zero each two; do until curl -s -o /dev/null "http://127.0.0.1:${!name}/"; do sleep 0.1; done; done
ask() { curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer token-$1" "http://127.0.0.1:${!1}/"; }
seen=
for name in unset zero each two; do
    before=$(ask "$name"); curl -s -o /dev/null "http://127.0.0.1:$backend/end/token-$name"; at_once=$(ask "$name"); sleep 4
    line="$name: $before, revoked $at_once, 4 s later $(ask "$name")"; echo "$line"; seen+="$line;"
done
plain=$(start plain "$unset" '' http 2>&1 || true); echo "$plain" | grep -o 'cannot be parsed as a "https" URL.*'
[[ $seen == "unset: 200, revoked 200, 4 s later 200;zero: 200, revoked 200, 4 s later 200;each: 200, revoked 401, 4 s later 401;two: 200, revoked 200, 4 s later 401;" && $plain == *'cannot be parsed as a "https" URL'* ]]
