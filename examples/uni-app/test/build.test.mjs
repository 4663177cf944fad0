// What the command line built logs in at the real service.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { phone, startService } from '../../../clients/miniprogram/test/service.mjs'

const built = new URL('../dist/build/mp-weixin/', import.meta.url)
const read = name => readFileSync(new URL(name, built), 'utf8')
let running

before(async () => { running = await startService() })
after(() => running?.stop())

test('each page is there, with the buttons of WeChat', () => {
  const { pages } = JSON.parse(read('app.json'))
  assert.equal(pages.length, 3)
  for (const page of pages) for (const type of ['js', 'json', 'wxml']) assert.ok(existsSync(new URL(`${page}.${type}`, built)), `${page}.${type}`)
  for (const part of ['getPhoneNumber', 'chooseAvatar', 'type="nickname"']) assert.ok(read('pages/index/index.wxml').includes(part), part)
})

test('the built client logs in silently', async () => {
  const wx = phone(running)
  const { request } = wx
  wx.request = options => request.call(wx, { ...options, url: options.url.replace('http://127.0.0.1:5000', running.service) })
  for (const name of ['getSystemInfoSync', 'getAppBaseInfo', 'getDeviceInfo', 'getWindowInfo', 'getLaunchOptionsSync', 'getEnterOptionsSync']) wx[name] = () => ({})
  for (const name of ['App', 'Page', 'Component']) globalThis[name] = () => {}
  Object.assign(globalThis, { wx: Object.assign(wx, { canIUse: () => true, onAppShow() {}, onAppHide() {} }), getApp: () => ({}), getCurrentPages: () => [] })
  const require = createRequire(import.meta.url)
  const { client } = require(new URL('client.js', built).pathname)
  assert.ok((await client.me()).userId)
})
