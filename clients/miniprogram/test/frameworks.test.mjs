// Taro's and uni-app's own runtimes, axios and alova, over the phone of the real service.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import axios from 'axios'
import { createAlova } from 'alova'
import { buildSync } from 'esbuild'
import { phone, startService } from './service.mjs'

const require = createRequire(import.meta.url)
const { alovaAdapter } = require('@wxlogin/miniprogram/alova')
const { axiosAdapter } = require('@wxlogin/miniprogram/axios')
const { createClient } = require('@wxlogin/miniprogram')
const expiry = () => new Promise(resolve => setTimeout(resolve, 4100))
let running
let folder

before(async () => {
  running = await startService({ TOKENS__ACCESS_TTL_S: '3' })
  folder = mkdtempSync(join(tmpdir(), 'wxlogin-frameworks-'))
  for (const name of ['App', 'Page', 'Component']) globalThis[name] = () => {}
  Object.assign(globalThis, { getApp: () => ({}), getCurrentPages: () => [] })
})
after(() => { rmSync(folder, { recursive: true }); return running.stop() })

/** `wx` with what the frameworks ask for when they start. */
function newPhone() {
  const wx = phone(running)
  const empty = ['getSystemInfoSync', 'getAppBaseInfo', 'getDeviceInfo', 'getWindowInfo', 'getLaunchOptionsSync', 'getEnvInfoSync']
  for (const name of empty) wx[name] = () => ({})
  globalThis.wx = Object.assign(wx, { canIUse: () => true, onAppShow() {}, onAppHide() {} })
  return wx
}

/** Bundles a framework for WeChat as its command line does, and gives what `source` exports. */
function framework(name, source, define) {
  const out = join(folder, `${name}.cjs`)
  buildSync({ stdin: { contents: source, resolveDir: new URL('..', import.meta.url).pathname }, bundle: true, platform: 'node', format: 'cjs', outfile: out, define, logLevel: 'error' })
  return require(out)
}

async function stayLoggedIn(client, wx) {
  const { userId } = await client.login()
  await expiry()
  assert.equal((await client.updateProfile({ city: '广州' })).userId, userId)
  assert.equal(wx.sent.filter(({ url }) => url.endsWith('/user/refresh')).length, 1)
  await client.logout()
  await assert.rejects(client.me(), { error: 'logged_out' })
}

test('Taro', async () => {
  const wx = newPhone()
  const flags = ['INNER_HTML', 'ADJACENT_HTML', 'SIZE_APIS', 'TEMPLATE_CONTENT', 'CLONE_NODE', 'CONTAINS', 'MUTATION_OBSERVER', 'COOKIE']
  const define = Object.fromEntries(flags.map(flag => [`ENABLE_${flag}`, 'false']))
  Object.assign(define, { 'process.env.TARO_ENV': '"weapp"', 'process.env.TARO_PLATFORM': '"mini"', 'process.env.FRAMEWORK': '"react"' })
  const { Taro } = framework('taro', "import '@tarojs/plugin-platform-weapp/dist/runtime.js'; import Taro from '@tarojs/taro'; export { Taro }", define)
  const { createClient } = require('@wxlogin/miniprogram/taro')
  await stayLoggedIn(createClient(Taro, { baseUrl: running.service }), wx)
})

test('uni-app', async () => {
  const wx = newPhone()
  const { uni } = framework('uni', "import uni from '@dcloudio/uni-mp-weixin/dist/uni.api.esm.js'; export { uni }", { __UNI_FEATURE_PROMISE__: 'true', 'process.env.UNI_DEBUG': 'false' })
  globalThis.uni = uni
  const { createClient } = require('@wxlogin/miniprogram/uni')
  await stayLoggedIn(createClient({ baseUrl: running.service }), wx)
})

test('axios sends through the client', async () => {
  newPhone()
  const client = createClient({ baseUrl: running.service })
  const http = axios.create({ adapter: axiosAdapter(client, axios), baseURL: running.service })
  assert.equal((await http.get('/user/me')).status, 200)
  await expiry()
  const { data } = await http.post('/user/me', { nickName: '小红' })
  assert.equal(data.data.nickName, '小红')
  await assert.rejects(http.post('/user/me', { gender: 9 }), error =>
    axios.isAxiosError(error) && error.response.status === 400 && error.response.data.error === 'invalid_request')
  globalThis.wx.request = ({ fail }) => fail({ errMsg: 'request:fail', errno: 600001 })
  await assert.rejects(http.post('/user/me', {}), { code: 'ERR_NETWORK', errno: 600001 })
})

test('alova sends through the client', async () => {
  newPhone()
  const client = createClient({ baseUrl: running.service })
  const alova = createAlova({ baseURL: running.service, requestAdapter: alovaAdapter(client), responded: answer => answer.data, cacheFor: null })
  assert.equal((await alova.Get('/user/me')).code, 200)
  await expiry()
  assert.equal((await alova.Post('/user/me', { nickName: '小刚' })).data.nickName, '小刚')
  assert.equal((await alova.Post('/user/me', { gender: 9 })).error, 'invalid_request')
})

test('the client sends through luch-request', async () => {
  const wx = newPhone()
  globalThis.uni = wx
  const { Request } = framework('luch', "import Request from 'luch-request'; export { Request }", {})
  const luch = new Request()
  // Any status is an answer; the client decides.
  const request = ({ url, method, data, header, timeout }) => luch.request({ url, method, data, header, timeout, validateStatus: () => true })
  await stayLoggedIn(createClient({ baseUrl: running.service, request }), wx)
  wx.request = ({ fail, complete }) => { fail({ errMsg: 'request:fail', errno: 600001 }); complete?.({ errMsg: 'request:fail', errno: 600001 }) }
  await assert.rejects(createClient({ baseUrl: 'http://127.0.0.1:1', request }).login(), { error: 'network' })
})

test('the client sends through axios-miniprogram-adapter', async () => {
  const wx = newPhone()
  const { adapter } = framework('axios-mp', "import adapter from 'axios-miniprogram-adapter'; export { adapter }", {})
  const http = axios.create({ adapter, validateStatus: () => true })
  const request = async ({ url, method, data, header, timeout }) => {
    const answer = await http.request({ url, method, data, headers: header, timeout })
    return { statusCode: answer.status, data: answer.data, header: answer.headers }
  }
  await stayLoggedIn(createClient({ baseUrl: running.service, request }), wx)
})

test('the client sends through axios-adapter-uniapp', async () => {
  const wx = newPhone()
  const { uni, adapter } = framework('axios-uni', "import uni from '@dcloudio/uni-mp-weixin/dist/uni.api.esm.js'; import adapter from 'axios-adapter-uniapp'; export { uni, adapter }", { __UNI_FEATURE_PROMISE__: 'true', 'process.env.UNI_DEBUG': 'false' })
  globalThis.uni = uni
  // axios writes methods in lower case, and the adapter passes them on.
  const http = axios.create({ adapter: config => adapter({ ...config, method: config.method.toUpperCase() }), validateStatus: () => true })
  const request = async ({ url, method, data, header, timeout }) => {
    const answer = await http.request({ url, method, data, headers: header, timeout })
    // A request that failed is a response without a status.
    if (!answer.status) throw { errMsg: answer.statusText }
    return { statusCode: answer.status, data: answer.data, header: answer.header }
  }
  await stayLoggedIn(createClient({ baseUrl: running.service, request }), wx)
  wx.request = ({ fail, complete }) => { const failure = { errMsg: 'request:fail', errno: 600001 }; fail?.(failure); complete?.(failure) }
  await assert.rejects(createClient({ baseUrl: 'http://127.0.0.1:1', request }).login(), { error: 'network' })
})

test("the developer tool's npm build takes the package", () => {
  const root = new URL('..', import.meta.url).pathname
  const [tarball] = JSON.parse(execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, encoding: 'utf8' }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'x', version: '1.0.0', dependencies: { '@wxlogin/miniprogram': '*' } }))
  const installed = join(folder, 'node_modules/@wxlogin/miniprogram')
  execFileSync('mkdir', ['-p', installed, join(folder, 'mini')])
  execFileSync('tar', ['-xzf', join(folder, tarball.filename), '-C', installed, '--strip-components=1'])
  const script = `require(${JSON.stringify(require.resolve('miniprogram-ci'))})
    .packNpmManually({ packageJsonPath: './package.json', miniprogramNpmDistDir: './mini' })
    .then(({ miniProgramPackNum, warnList }) => { console.log(JSON.stringify([miniProgramPackNum, warnList])); process.exit(0) }, error => { console.error(error); process.exit(1) })`
  const said = execFileSync('node', ['-e', script], { cwd: folder, encoding: 'utf8' })
  assert.match(said, /\[1,\[\]\]/)
  assert.equal(typeof require(join(folder, 'mini/miniprogram_npm/@wxlogin/miniprogram/index.js')).createClient, 'function')
})
