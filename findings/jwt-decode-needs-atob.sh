#!/usr/bin/env bash
# jwt-decode 4.0.0 and 3.1.2 (npm) where there is no `atob`: in a mini
# program nothing promises one.
#
# Guess: it is a few lines of plain JavaScript without dependencies, so it runs everywhere, and a
#   newer version more so.
# Seen:  4.0.0 calls the global `atob`: InvalidTokenError "Invalid token specified: invalid base64 for
#   part #2 (atob is not defined)" for a good token, which reads as if the token were broken. 3.1.2
#   carries its own decoder and works.
# Here:  a mini program needs no claims of the token: the login's answer says when it ends. Who wants
#   them gives the page an `atob` first, or stays with version 3.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund four@npm:jwt-decode@4.0.0 three@npm:jwt-decode@3.1.2
cat > run.cjs <<'JS'
const { readFileSync } = require('node:fs')
const { runInNewContext } = require('node:vm') // a context has the language alone: neither atob nor Buffer
const load = (name, globals) => {
  const module = { exports: {} }
  runInNewContext(readFileSync(require.resolve(name), 'utf8'), { module, exports: module.exports, ...globals })
  return module.exports.jwtDecode ?? module.exports.default ?? module.exports
}
const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
const token = `${part({ alg: 'ES256' })}.${part({ sub: 'u' })}.c2ln`
const told = decode => { try { return decode(token).sub } catch (error) { return `${error.name}: ${error.message}` } }
const seen = { '4.0.0': told(load('four', {})), '4.0.0 with atob': told(load('four', { atob })), '3.1.2': told(load('three', {})) }
console.log(seen)
process.exit(/^InvalidTokenError.*atob is not defined/.test(seen['4.0.0']) && seen['4.0.0 with atob'] === 'u' && seen['3.1.2'] === 'u' ? 0 : 1)
JS
node run.cjs
