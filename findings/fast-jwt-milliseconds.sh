#!/usr/bin/env bash
# fast-jwt 6.3.6 (npm): `clockTolerance` counts milliseconds.
#
# Guess: seconds, as in jsonwebtoken, jose, express-jwt and PyJWT. So `clockTolerance: 5` would
#   forgive five seconds of difference between the clocks of issuer and backend.
# Seen:  a token that ended three seconds ago is refused with 5 and accepted with 5000.
# Here:  a backend that copies the option from another library has no tolerance at all, and refuses
#   good tokens as soon as its clock is ahead of the login service's.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund fast-jwt@6.3.6
cat > run.cjs <<'JS'
const { createSigner, createVerifier } = require('fast-jwt')
const { generateKeyPairSync } = require('node:crypto')
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' }, privateKeyEncoding: { type: 'pkcs8', format: 'pem' } })
const exp = Math.floor(Date.now() / 1000) - 3
const token = createSigner({ key: privateKey, algorithm: 'RS256' })({ sub: 'u', exp })
const ask = clockTolerance => {
  try { return createVerifier({ key: publicKey, clockTolerance })(token).sub } catch (error) { return error.code }
}
console.log(`fast-jwt ${require('fast-jwt/package.json').version}, token ended 3 s ago`)
const seen = { 5: ask(5), 5000: ask(5000) }
console.log(seen)
process.exit(seen[5] === 'FAST_JWT_EXPIRED' && seen[5000] === 'u' ? 0 : 1)
JS
node run.cjs
