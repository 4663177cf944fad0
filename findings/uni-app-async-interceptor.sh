#!/usr/bin/env bash
# uni-app's runtime for WeChat, @dcloudio/uni-mp-weixin 3.0.0-4080720251210001 (npm): an `invoke`
# interceptor of uni.request that is async.
#
# Guess: it may set a header in place like one that is not async, only later; and several interceptors
#   run one after the other.
# Seen:  if it returns nothing, wx.request is called without url and header; it must return the
#   options. With a second interceptor after an async one that one never runs, and wx.request is
#   given a function in place of the options.
# Here:  "wait for the running login, then add the token" is just such an interceptor. Return the
#   options, and keep it the only one, or wrap uni.request in a function of your own.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund --ignore-scripts @dcloudio/uni-mp-weixin@3.0.0-4080720251210001
# uni-app's build resolves 'vue' to its own runtime; do the same.
sed "s#from 'vue'#from '@dcloudio/uni-mp-vue/dist/vue.runtime.esm.js'#" node_modules/@dcloudio/uni-mp-weixin/dist/uni.api.esm.js > uni.mjs
cat > run.mjs <<'JS'
let asked
const about = () => ({ SDKVersion: '3.0.0', language: 'zh_CN' })
globalThis.wx = { request: options => { asked = options; return { abort() {} } }, canIUse: () => true, getLaunchOptionsSync: () => ({}),
  getSystemInfoSync: about, getAppBaseInfo: about, getDeviceInfo: about, getWindowInfo: about, getStorageSync() {}, setStorageSync() {} }
const { default: uni } = await import('./uni.mjs')
const ask = async (...interceptors) => {
  uni.removeInterceptor('request')
  for (const invoke of interceptors) uni.addInterceptor('request', { invoke })
  asked = undefined
  uni.request({ url: 'https://login.example.com/user/me', header: {} })
  await new Promise(done => setTimeout(done, 50))
  return typeof asked === 'function' ? 'a function' : JSON.stringify({ url: asked.url, header: asked.header })
}
const seen = {
  'sets a header': await ask(options => { options.header.a = '1' }),
  'two of them': await ask(options => { options.header.a = '1' }, options => { options.header.b = '2' }),
  'async': await ask(async options => { options.header.a = '1' }),
  'async, returns the options': await ask(async options => { options.header.a = '1'; return options }),
  'that and another': await ask(async options => { options.header.a = '1'; return options }, options => { options.header.b = '2' }),
}
console.log('wx.request is given', seen)
const with_ = header => JSON.stringify({ url: 'https://login.example.com/user/me', header })
process.exit(Object.values(seen).join(' ') === [with_({ a: '1' }), with_({ a: '1', b: '2' }), '{}', with_({ a: '1' }), 'a function'].join(' ') ? 0 : 1)
JS
node run.mjs
