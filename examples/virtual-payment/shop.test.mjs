// An order from the tap to the delivery, with kill -9 in between.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { call, freePort, hookSecret, payAppKey, startSandbox, startService, startShop, supportKey } from './service.mjs'

const hmac = (key, text) => createHmac('sha256', key).update(text).digest('hex')
const folder = mkdtempSync(join(tmpdir(), 'wxlogin-shop-'))
let sandbox, service, shop, port, phone

before(async () => {
  port = await freePort()
  sandbox = await startSandbox(folder)
  service = await startService(folder, sandbox, port)
  shop = await startShop(folder, service, port)
  phone = await login()
})

after(async () => {
  for (const one of [shop, service, sandbox]) await one?.stop('SIGTERM')
  rmSync(folder, { recursive: true })
})

const code = async () => (await call(`${sandbox.url}/phone/alice/login?format=text`)).data.trim()

async function login() {
  const { data } = await call(`${service.url}/user/wxlogin`, { method: 'POST', body: { platCode: await code() } })
  return data.data
}

const order = () => call(`${url()}/orders`, { method: 'POST', token: phone.token, body: { productId: 'gems_100' } })
const goods = async () => (await call(`${url()}/goods`, { token: phone.token })).data
const journal = () => readFileSync(`${folder}/shop.jsonl`, 'utf8')
const url = () => `http://127.0.0.1:${port}`

function paid(signed) {
  const { outTradeNo, productId, goodsPrice } = JSON.parse(signed.signData)
  return {
    ToUserName: 'gh_shop', FromUserName: phone.openId, CreateTime: Math.floor(Date.now() / 1000), MsgType: 'event',
    Event: 'xpay_goods_deliver_notify', OpenId: phone.openId, OutTradeNo: outTradeNo, Env: 1,
    WeChatPayInfo: { MchOrderNo: outTradeNo, TransactionId: `t${outTradeNo}` },
    GoodsInfo: { ProductId: productId, Quantity: 1, OrigPrice: goodsPrice, ActualPrice: goodsPrice },
  }
}

/** WeChat's push; what the service answered. */
async function push(message) {
  const { status, data } = await call(`${sandbox.url}/sandbox/apps/${sandbox.appId}/push`, { method: 'POST', body: message })
  assert.equal(status, 200, JSON.stringify(data))
  const { status: answered, answer } = data.attempts[0]
  assert.equal(answered, 200, answer)
  assert.deepEqual(JSON.parse(answer), { ErrCode: 0, ErrMsg: 'success' })
}

function relayed(message, id, at = Date.now()) {
  const body = JSON.stringify(message)
  const signature = new Webhook(hookSecret).sign(id, new Date(at), body)
  const headers = { 'webhook-id': id, 'webhook-timestamp': `${Math.floor(at / 1000)}`, 'webhook-signature': signature, 'x-wx-event': message.Event }
  return call(`${url()}/wechat`, { method: 'POST', body, headers })
}

async function restart() {
  await shop.stop('SIGKILL')
  shop = await startShop(folder, service, port)
}

const waiting = async () => (await call(`${service.url}/admin/push?state=waiting`, { token: supportKey })).data.data.items

/** Sends what waits now, not in some seconds. */
async function retry() {
  for (const { id } of await waiting()) {
    const { status } = await call(`${service.url}/admin/push/${id}/retry`, { method: 'POST', token: supportKey })
    assert.ok([200, 409].includes(status), `${status}`) // 409: it was sent meanwhile
  }
}

test('both signatures are those that WeChat checks', async () => {
  const { status, data } = await order()
  assert.equal(status, 200, JSON.stringify(data))
  // A further login within some minutes has the same session_key.
  const query = `appid=${sandbox.appId}&secret=${sandbox.secret}&js_code=${await code()}&grant_type=authorization_code`
  const { session_key: key } = (await call(`${sandbox.url}/sns/jscode2session?${query}`)).data
  assert.equal(data.signature, hmac(key, data.signData))
  assert.equal(data.paySig, hmac(payAppKey, `requestVirtualPayment&${data.signData}`))
  assert.deepEqual(await goods(), [], 'nothing is delivered before it is paid')
})

test('a paid order is delivered once, whatever is repeated', async () => {
  const { data } = await order()
  const before = (await goods()).length
  const message = paid(data)
  await push(message)
  assert.equal((await goods()).length, before + 1)
  await push(message)
  await push({ ...message, CreateTime: message.CreateTime + 60 }) // another message on the same order
  await restart()
  await push(message)
  assert.equal((await goods()).length, before + 1)
  assert.equal(journal().split(`"delivered":"${message.OutTradeNo}"`).length - 1, 1)
})

test('an order that is paid while the shop is down is delivered when it is back', { timeout: 60_000 }, async () => {
  const { data } = await order()
  const before = (await goods()).length
  await shop.stop('SIGKILL')
  await push(paid(data)) // WeChat gets its success
  assert.equal((await waiting()).length, 1)
  shop = await startShop(folder, service, port)
  await retry()
  while ((await goods()).length === before) await new Promise(resolve => setTimeout(resolve, 50))
  assert.equal((await goods()).length, before + 1)
})

test('an order that waits survives kill -9 of the service', { timeout: 60_000 }, async () => {
  const { data } = await order()
  const before = (await goods()).length
  await shop.stop('SIGKILL')
  await push(paid(data))
  await service.stop('SIGKILL')
  service = await startService(folder, sandbox, port)
  shop = await startShop(folder, service, port)
  await retry()
  while ((await goods()).length === before) await new Promise(resolve => setTimeout(resolve, 50))
  assert.equal((await goods()).length, before + 1)
})

test('one webhook-id is one delivery, across kill -9', async () => {
  const { data } = await order()
  const before = (await goods()).length
  const message = paid(data)
  const answers = await Promise.all([1, 2, 3].map(() => relayed(message, 'msg_one')))
  assert.deepEqual(answers.map(answer => answer.status), [200, 200, 200])
  const kept = journal()
  await restart()
  assert.equal((await relayed(message, 'msg_one')).status, 200)
  assert.equal((await goods()).length, before + 1)
  assert.equal(journal(), kept)
})

test('a record that was cut off is dropped, and the next one is whole', async () => {
  const { data } = await order()
  const before = (await goods()).length
  await shop.stop('SIGKILL')
  appendFileSync(`${folder}/shop.jsonl`, '{"message":"msg_half","event":"xp')
  shop = await startShop(folder, service, port)
  await push(paid(data))
  await restart()
  assert.equal((await goods()).length, before + 1)
})

test('what is forged, stale or of no order is refused', async () => {
  const { data } = await order()
  const before = (await goods()).length
  const message = paid(data)
  assert.equal((await relayed(message, 'msg_stale', Date.now() - 600_000)).status, 401)
  const forged = await call(`${url()}/wechat`, { method: 'POST', body: message, headers: { 'webhook-id': 'msg_forged' } })
  assert.equal(forged.status, 401)
  for (const wrong of [{ OutTradeNo: 'nobody' }, { OutTradeNo: undefined, OpenId: undefined }, { OpenId: 'other' }, { GoodsInfo: { ProductId: 'gems_500' } }]) {
    assert.equal((await relayed({ ...message, ...wrong }, 'msg_wrong')).status, 404)
  }
  assert.equal((await call(`${url()}/orders`, { method: 'POST', token: phone.token, body: { productId: 'toString' } })).status, 400)
  assert.equal((await call(`${url()}/orders`, { method: 'POST', token: 'nobody', body: { productId: 'gems_100' } })).status, 401)
  assert.equal((await goods()).length, before)
})

test('with a stale session_key the phone logs in and orders again', async () => {
  await call(`${sandbox.url}/sandbox/users/alice/expire-session-key`, { method: 'POST', body: { app_id: sandbox.appId } })
  const { status, data } = await order()
  assert.equal(status, 409, JSON.stringify(data))
  assert.equal(data.error, 'session_key_stale')
  phone = await login()
  assert.equal((await order()).status, 200)
})
