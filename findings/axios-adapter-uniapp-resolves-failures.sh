#!/usr/bin/env bash
# axios-adapter-uniapp 0.1.4 under axios 1.21.1 (npm): a request that failed is a success.
#
# Guess: when `uni.request` fails (no network), axios rejects with ERR_NETWORK; `uni.request` gets the
#   method in upper case, as its documentation lists them.
# Seen:  axios resolves with status and data undefined, and `request:fail` as statusText; errno is lost.
#   The method arrives as axios stores it, in lower case.
# Here:  below the client, upper-case the method and throw if there is no status, as the test of
#   clients/miniprogram does. Otherwise a lost response is not repeated.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund axios@1.21.1 axios-adapter-uniapp@0.1.4
cat > run.cjs <<'JS'
let asked
globalThis.uni = { request(options) { asked = options; setTimeout(() => options.complete({ errMsg: 'request:fail', errno: 600001 }), 1); return { abort() {} } } }
const axios = require('axios')
const client = axios.create({ adapter: require('axios-adapter-uniapp'), baseURL: 'https://login.example.com' })
client.post('/user/me', {}).then(
  ({ status, data, statusText }) => {
    console.log({ status, data, statusText, method: asked.method })
    process.exit(status === undefined && data === undefined && statusText === 'request:fail' && asked.method === 'post' ? 0 : 1)
  },
  error => { console.log('rejected', error); process.exit(1) })
JS
node run.cjs
