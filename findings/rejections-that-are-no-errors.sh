#!/usr/bin/env bash
# luch-request 3.1.1, flyio 0.6.14, wx-promise-request 2.1.3 (npm): what they reject with when
# wx.request fails (errno 5, a timeout).
#
# Guess: an Error with a message, which also carries what wx.request said (errMsg, errno).
# Seen:  none of them is an Error. luch-request and wx-promise-request hand on wx.request's object, with
#   errMsg and errno and no message; flyio makes an object of its own, whose message is errMsg, and
#   whose errno is gone. A 401 luch-request and flyio reject with plain objects too; to
#   wx-promise-request it is a success.
# Here:  `catch (error) { show(error.message) }` shows "undefined" with two of them, and `instanceof Error`, by
#   which many a catch tells its own mistakes from the network's, is false for all of them.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund luch-request@3.1.1 flyio@0.6.14 wx-promise-request@2.1.3 esbuild@0.21.5
# luch-request comes as source for uni-app's bundler.
node_modules/.bin/esbuild --log-level=error --bundle --format=cjs --outfile=luch.cjs node_modules/luch-request/src/lib/luch-request.js
cat > run.cjs <<'JS'
let status
const ask = options => {
  setTimeout(() => {
    const result = status ? { statusCode: status, data: {}, header: {} } : { errMsg: 'request:fail timeout', errno: 5 }
    ;(status ? options.success : options.fail)?.(result)
    options.complete?.(result)
  }, 5)
  return { abort() {} }
}
globalThis.wx = globalThis.uni = { request: ask }
const Luch = require('./luch.cjs').default, Fly = require('flyio/dist/npm/wx'), { request } = require('wx-promise-request')
const url = 'https://login.example.com/user/me'
const libraries = { 'luch-request': () => new Luch().get(url), flyio: () => new Fly().get(url), 'wx-promise-request': () => request({ url }) }
const main = async () => {
  const seen = {}
  for (const [name, send] of Object.entries(libraries)) {
    const look = work => work.then(() => 'a success', error => `${error instanceof Error ? 'an Error' : 'no Error'}, message ${error.message}, errMsg ${error.errMsg}, errno ${error.errno}`)
    status = undefined; const timeout = await look(send())
    status = 401; const refused = (await look(send())).split(',')[0]
    seen[name] = `${timeout}; 401 is ${refused}`
  }
  console.log(seen)
  process.exit(seen['luch-request'] === 'no Error, message undefined, errMsg request:fail timeout, errno 5; 401 is no Error'
    && seen.flyio === 'no Error, message request:fail timeout, errMsg undefined, errno undefined; 401 is no Error'
    && seen['wx-promise-request'] === 'no Error, message undefined, errMsg request:fail timeout, errno 5; 401 is a success' ? 0 : 1)
}
main()
JS
node run.cjs
