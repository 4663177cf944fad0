// The pages' logic under WeChat's simulator of components, over the phone of the real service.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { phone, startService } from '../../../clients/miniprogram/test/service.mjs'

const require = createRequire(import.meta.url)
const source = new URL('../src', import.meta.url).pathname
const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
let running
let simulate
let wx
let file

before(async () => {
  running = await startService()
  file = join(mkdtempSync(join(tmpdir(), 'wxlogin-example-')), 'tmp_avatar')
  writeFileSync(file, pixel)
  const { JSDOM } = require('jsdom')
  const { window } = new JSDOM('<!doctype html><body></body>')
  for (const name of ['document', 'Event', 'CustomEvent', 'Node', 'HTMLElement']) globalThis[name] = window[name]
  globalThis.window = window
  simulate = require('miniprogram-simulate')
  // The simulator knows components; a page is one whose functions are methods.
  globalThis.Page = ({ data, ...methods }) => globalThis.Component({ data, methods })
  require.cache[require.resolve(`${source}/config.js`)] = { loaded: true, exports: { baseUrl: running.service } }
})
after(async () => { rmSync(join(file, '..'), { recursive: true }); await running?.stop() })

/** A phone of `user`, with what the pages ask of it besides. */
function newPhone(user) {
  const ask = async (path, options) => (await fetch(`${running.sandbox}/phone/${user}/${path}`, options)).json()
  wx = phone({ ...running, user })
  const answer = (name, path) => { wx[name] = ({ success, fail }) => { ask(path).then(success, fail) } }
  answer('getWeRunData', 'we-run-data')
  answer('getUserProfile', 'profile')
  globalThis.wx = Object.assign(wx, { phoneButton: () => ask('phone-number') })
}

/** Opens a page; `client` and `run` stay the same for all pages, as in the mini program. */
async function open(name) {
  const page = simulate.render(simulate.load(`${source}/pages/${name}/${name}`, { rootPath: source }))
  page.attach(document.body)
  await page.instance.onShow()
  const text = css => page.querySelector(css)?.dom.textContent
  return { page, it: page.instance, text }
}

test('the first page logs in silently; avatar, nickname and phone number are filled in', async () => {
  newPhone('alice')
  const { it, text } = await open('index')
  assert.equal(it.data.error, '')
  assert.equal(text('.phone'), '未绑定')
  await it.onAvatar({ detail: { avatarUrl: file } })
  assert.match(it.data.user.avatarUrl, /^http:.*\/avatars\//)
  await it.onNickname({ detail: { value: { nickName: '小明' } } })
  assert.equal(text('.name'), '小明')
  await it.onPhone({ detail: { errMsg: 'getPhoneNumber:fail user deny' } })
  assert.equal(it.data.error, '')
  await it.onPhone({ detail: await wx.phoneButton() })
  assert.equal(text('.phone'), '+8613800138000')
  assert.equal(wx.sent.filter(({ url }) => url.endsWith('/user/wxlogin')).length, 1)
})

test('steps are opened, another session is ended, the user leaves and comes back', async () => {
  const { it, text, page } = await open('data')
  await it.onSteps()
  assert.match(text('.steps'), /^\d+$/)
  const code = await (await fetch(`${running.sandbox}/phone/alice/login?format=text`)).text()
  await fetch(`${running.service}/user/wxlogin`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ platCode: code }) })
  await it.onShow()
  const [other] = it.data.sessions.filter(({ current }) => !current)
  assert.equal(page.querySelectorAll('.session').length, 2)
  await it.onEnd({ currentTarget: { dataset: { id: other.id } } })
  assert.equal(page.querySelectorAll('.session').length, 1)
  await it.onLogout()
  assert.deepEqual(it.data.sessions, [])
  await it.onShow()
  assert.equal(it.data.error, '已退出登录')
  await it.onLogin()
  assert.equal(it.data.sessions.length, 1)
})

test('the getUserInfo way logs in with a code that was taken before the tap', async () => {
  const { it, text } = await open('profile')
  const { code } = it
  await it.onTap()
  assert.equal(it.data.error, '')
  assert.equal(text('.name'), '爱丽丝 Alice')
  const { data } = wx.sent.filter(({ url }) => url.endsWith('/user/wxlogin')).at(-1)
  assert.equal(data.platCode, code)
  assert.deepEqual(Object.keys(data.platUserInfoMap), ['encryptedData', 'iv', 'rawData', 'signature'])
})

test('a failure is shown in the words of the service', async () => {
  const { it } = await open('index')
  await it.onPhone({ detail: { code: '0'.repeat(64) } })
  assert.ok(it.data.error.length > 2)
})
