#!/usr/bin/env bash
# axios-miniprogram-adapter 0.3.5 under axios 1.21.1 (npm): of a failed request only "Network Error"
# is left.
#
# Guess: the error carries what `wx.request` said: errno, errMsg, and axios's own code ERR_NETWORK.
# Seen:  with errno 600001 (the network changed, WeChat leaves the repeat to the developer) and with
#   errno 5 (a timeout) the error has neither errno, errMsg nor cause; the first is "Network Error"
#   without a code, the second "timeout of 0ms exceeded", ECONNABORTED. A method that wx.request
#   does not have (PATCH) is passed on as it is.
# Here:  a retry by errno cannot be written on top of this adapter; it belongs below it, around
#   wx.request.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund axios@1.21.1 axios-miniprogram-adapter@0.3.5
cat > run.cjs <<'JS'
let next, asked
globalThis.wx = { request(options) { asked = options; setTimeout(() => next(options), 1); return { abort() {} } } }
const axios = require('axios')
const module_ = require('axios-miniprogram-adapter')
const client = axios.create({ adapter: module_.default ?? module_, baseURL: 'https://login.example.com' })
const failWith = failure => { next = options => options.fail(failure) }
const look = error => ({ message: error.message, code: error.code, errno: error.errno, errMsg: error.errMsg, cause: error.cause,
  response: error.response })
;(async () => {
  failWith({ errMsg: 'request:fail net::ERR_NETWORK_CHANGED', errno: 600001 })
  const changed = await client.get('/user/me').catch(look)
  failWith({ errMsg: 'request:fail timeout', errno: 5 })
  const timeout = await client.get('/user/me').catch(look)
  next = options => options.success({ statusCode: 200, data: {}, header: {} })
  await client.patch('/user/me', { nickName: 'x' })
  const method = asked.method
  console.log({ changed, timeout, method })
  const says = (error, text) => error.message === text && [error.code, error.errno, error.errMsg, error.cause, error.response].every(value => value === undefined || value === null)
  const asSeen = says(changed, 'Network Error') && timeout.errno === undefined && timeout.errMsg === undefined && timeout.code === 'ECONNABORTED' && method === 'PATCH'
  process.exit(asSeen ? 0 : 1)
})()
JS
node run.cjs
