// The client against the real service.
import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { after, before, test } from 'node:test'
import { phone, startService } from './service.mjs'

const { createClient, WxloginError } = createRequire(import.meta.url)('@wxlogin/miniprogram')
let running

before(async () => { running = await startService({ TOKENS__ACCESS_TTL_S: '3' }) })
after(() => running.stop())

/** A client on a phone of its own. */
function on(options = {}, clientOptions = {}) {
  const wx = phone({ ...running, ...options })
  globalThis.wx = wx
  return { wx, client: createClient({ baseUrl: running.service, ...clientOptions }) }
}

const expiry = () => new Promise(resolve => setTimeout(resolve, 4100))
const paths = wx => wx.sent.map(({ url }) => new URL(url).pathname)

test('the first request logs in, once for all who ask', async () => {
  const { wx, client } = on()
  const answers = await Promise.all([1, 2, 3].map(() => client.request({ url: '/user/me' })))
  assert.deepEqual(answers.map(({ statusCode }) => statusCode), [200, 200, 200])
  assert.equal(paths(wx).filter(path => path === '/user/wxlogin').length, 1)
})

test('ten requests whose token has expired share one refresh', async () => {
  const { wx, client } = on()
  const { userId } = await client.login()
  await expiry()
  const users = await Promise.all(Array.from({ length: 10 }, () => client.me()))
  assert.ok(users.every(user => user.userId === userId))
  assert.equal(paths(wx).filter(path => path === '/user/refresh').length, 1)
})

test('a login whose answer is lost gets the same session with the same nonce', async () => {
  let lost = 0
  const { wx, client } = on({ lose: ({ url }) => url.endsWith('/user/wxlogin') && lost++ === 0 })
  const { userId } = await client.login()
  assert.equal((await client.me()).userId, userId)
  const [first, second] = wx.sent.filter(({ url }) => url.endsWith('/user/wxlogin')).map(({ data }) => data)
  assert.equal(first.nonce, second.nonce)
  assert.equal(first.platCode, second.platCode)
})

test('a user stays logged in if the response to a refresh is lost', async () => {
  let lost = 0
  const { wx, client } = on({ lose: ({ url }) => url.endsWith('/user/refresh') && lost++ === 0 })
  await client.login()
  await expiry()
  await client.me()
  assert.deepEqual(paths(wx).filter(path => path === '/user/wxlogin').length, 1)
  assert.equal(lost, 2)
})

test('two runtimes with one storage refresh beside each other and stay logged in', async () => {
  const { wx, client } = on()
  const other = createClient({ baseUrl: running.service })
  await client.login()
  await expiry()
  await Promise.all([client.me(), other.me(), client.me(), other.me()])
  await expiry()
  await Promise.all([other.me(), client.me()])
  assert.equal(paths(wx).filter(path => path === '/user/wxlogin').length, 1)
})

test('a session that was ended elsewhere is replaced by a silent login', async () => {
  const { client } = on()
  const { wx: second, client: there } = on()
  await client.login()
  await there.login()
  await there.logout(true)
  globalThis.wx = second
  await assert.rejects(there.me(), { error: 'logged_out' })
  globalThis.wx = on().wx
  assert.ok((await client.me()).userId)
})

test('the profile is changed by POST, which wx.request has', async () => {
  const { wx, client } = on()
  const user = await client.updateProfile({ nickName: '小明', gender: 1 })
  assert.equal(user.nickName, '小明')
  assert.equal((await client.updateProfile({ nickName: '' })).nickName, undefined)
  assert.equal(wx.sent.at(-1).method, 'POST')
})

test('a phone button binds its number, and says no if the user does', async () => {
  const { client } = on({ user: 'bob' })
  await client.login()
  const { code } = await (await fetch(`${running.sandbox}/phone/bob/phone-number`)).json()
  assert.match((await client.bindPhone({ detail: { code } })).phone, /^\+/)
  await assert.rejects(client.bindPhone({ detail: { errMsg: 'getPhoneNumber:fail user deny' } }), { error: 'user_denied' })
})

test('a profile of wx.getUserProfile goes with a login of its own', async () => {
  const { client } = on({ user: 'carol' })
  await client.login()
  const { encryptedData, iv, rawData, signature } = await (await fetch(`${running.sandbox}/phone/carol/profile`)).json()
  await assert.rejects(client.openData({ encryptedData: 'AAAA', iv }), error => error instanceof WxloginError && error.status === 400)
  const opened = await client.openData({ encryptedData, iv })
  assert.equal(typeof opened.nickName, 'string')
  assert.ok(rawData && signature)
})

test('a profile is opened with the session_key of the code that was taken before it', async () => {
  const control = (method, path, body) => fetch(`${running.sandbox}${path}`, { method, body: JSON.stringify(body) })
  await control('POST', '/sandbox/users', { name: 'dave', profile: { nick_name: 'Dave' } })
  // Every wx.login changes the session_key.
  await control('PATCH', '/sandbox/policy', { session_key_min_refresh_s: 0 })
  const { wx, client } = on({ user: 'dave' })
  const code = await new Promise((success, fail) => wx.login({ success: answer => success(answer.code), fail }))
  const { encryptedData, iv, rawData, signature } = await (await fetch(`${running.sandbox}/phone/dave/profile`)).json()
  const profile = { encryptedData, iv, rawData, signature }
  assert.equal((await client.login(profile, code)).nickName, 'Dave')
  await assert.rejects(client.login(profile), { error: 'open_data_invalid' })
  await control('PATCH', '/sandbox/policy', { session_key_min_refresh_s: 60 })
})

test('a multi-end app logs in with a code of wx.getMiniProgramCode and its appId', async () => {
  const [, { app_id: appId }] = await (await fetch(`${running.sandbox}/sandbox/apps`)).json()
  const wx = phone({ ...running })
  globalThis.wx = wx
  wx.login = () => assert.fail('wx.login is not what this app calls')
  wx.getMiniProgramCode = ({ success, fail }) => { fetch(`${running.sandbox}/phone/alice/login?appid=${appId}`).then(answer => answer.json()).then(success, fail) }
  const login = () => new Promise((success, fail) => wx.getMiniProgramCode({ success: ({ code }) => success(code), fail }))
  const { token } = await createClient({ baseUrl: running.service, appId, login }).login()
  assert.equal(JSON.parse(Buffer.from(token.split('.')[1], 'base64url')).app, appId)
  // With adaptWxLogin it is plain wx.login, and the Referer may not name the app.
  const { wx: adapted, client } = on({ codes: `${running.sandbox}/phone/alice/login?format=text&appid=${appId}` }, { appId })
  await client.login()
  assert.equal(adapted.sent[0].data.appId, appId)
})

test('ten requests whose renewal fails all get its error, and the next one is well', async () => {
  const { wx, client } = on()
  await client.login()
  await expiry()
  const { request } = wx
  wx.request = options => (/refresh/.test(options.url) ? options.fail({ errMsg: 'request:fail', errno: 600001 }) : request.call(wx, options))
  const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => client.me()))
  assert.ok(outcomes.every(({ reason }) => reason?.error === 'network' && reason.errno === 600001))
  wx.request = request
  assert.ok((await client.me()).userId)
  assert.equal(paths(wx).filter(path => path === '/user/wxlogin').length, 1)
})

test('an app that was ended while it refreshed stays logged in', async () => {
  const { wx, client } = on()
  await client.login()
  await expiry()
  const { request } = wx
  // The service receives the refresh; the app has ended before the response arrives.
  const there = new Promise(done => { wx.request = options => request.call(wx, /refresh/.test(options.url) ? { ...options, success: done, fail: done } : options) })
  client.me().catch(() => {})
  await there
  wx.request = request
  assert.ok((await createClient({ baseUrl: running.service }).me()).userId)
  assert.equal(paths(wx).filter(path => path === '/user/wxlogin').length, 1)
})

test('an error carries id, sentence and request id', async () => {
  const { client } = on()
  await assert.rejects(client.updateProfile({ gender: 7 }), error => {
    assert.equal(error.error, 'invalid_request')
    assert.equal(error.status, 400)
    assert.ok(error.msg && error.requestId)
    return true
  })
})

test('the token is sent only to the service', async () => {
  const { wx, client } = on()
  await client.login()
  await client.request({ url: `${running.sandbox}/` })
  assert.equal(wx.sent.at(-1).header.Authorization, undefined)
  await client.request({ url: `${running.service}.example.com/` }).catch(() => {})
  assert.equal(wx.sent.at(-1).header.Authorization, undefined)
})

test('an avatar is uploaded from its temporary file', async () => {
  const { client } = on()
  const pixel = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  const file = join(mkdtempSync(join(tmpdir(), 'wxlogin-avatar-')), 'tmp_1')
  writeFileSync(file, pixel)
  const { avatarUrl } = await client.uploadAvatar(file)
  const answer = await fetch(avatarUrl)
  assert.equal(answer.headers.get('content-type'), 'image/png')
  await assert.rejects(client.uploadAvatar(fileURLToPath(import.meta.url)), { error: 'invalid_request', status: 400 })
})
