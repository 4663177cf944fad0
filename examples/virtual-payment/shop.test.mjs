// The shop with the real service and the simulated WeChat.
import assert from 'node:assert/strict'
import { appendFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { call, hookSecret } from './processes.mjs'
import { Stack } from './stack.mjs'

let stack

before(async () => { stack = await Stack.open() })
after(() => stack?.close())

/** A message as the relay sends it. */
function relayed(message, id, at = Date.now()) {
  const body = JSON.stringify(message)
  const signature = new Webhook(hookSecret).sign(id, new Date(at), body)
  const headers = { 'webhook-id': id, 'webhook-timestamp': `${Math.floor(at / 1000)}`, 'webhook-signature': signature, 'x-wx-event': message.Event }
  return call(`${stack.shopUrl}/wechat`, { method: 'POST', body, headers })
}

/** WeChat's message on an order that is paid, and not delivered: the shop is down. */
async function paid() {
  const { data } = await stack.order()
  await stack.kill('shop')
  assert.deepEqual(await stack.pay(data), { errMsg: 'requestVirtualPayment:ok' })
  const order = JSON.parse(data.signData).outTradeNo
  while (!(await stack.notice(order)).delivered) await new Promise(resolve => setTimeout(resolve, 20))
  return { order, message: (await stack.notice(order)).message }
}

test('WeChat takes both signatures, and what is paid is delivered', { timeout: 60_000 }, async () => {
  const { data } = await stack.order()
  const order = JSON.parse(data.signData).outTradeNo
  assert.deepEqual(await stack.goods(), [], 'nothing is delivered before it is paid')
  const cheaper = { ...data, signData: data.signData.replace('600', '6') }
  assert.equal((await stack.pay(cheaper)).errCode, -15005)
  assert.deepEqual(await stack.pay(data), { errMsg: 'requestVirtualPayment:ok' })
  await stack.settled(order)
  assert.deepEqual(await stack.goods(), [order])
  assert.equal((await stack.pay(data)).errCode, -15002, 'an order is paid once')
})

test('a paid order is delivered once, whatever is repeated', { timeout: 60_000 }, async () => {
  const order = await stack.buy()
  await stack.settled(order)
  const { message } = await stack.notice(order)
  const path = `${stack.sandbox.url}/sandbox/apps/${stack.sandbox.appId}/push`
  for (const CreateTime of [message.CreateTime, message.CreateTime, message.CreateTime + 60]) {
    assert.equal((await call(path, { method: 'POST', body: { ...message, CreateTime } })).status, 200)
  }
  await stack.restart('shop')
  await call(path, { method: 'POST', body: message })
  assert.equal(stack.deliveries(order), 1)
})

test('an order that is paid while the shop is down is delivered when it is back', { timeout: 60_000 }, async () => {
  const { order } = await paid() // WeChat has its success
  assert.equal((await stack.waiting()).length, 1)
  await stack.start('shop')
  await stack.settled(order)
  assert.equal(stack.deliveries(order), 1)
})

test('one webhook-id is one delivery, across kill -9', { timeout: 60_000 }, async () => {
  const { order, message } = await paid()
  await stack.start('shop')
  const answers = await Promise.all([1, 2, 3].map(() => relayed(message, 'msg_one')))
  assert.deepEqual(answers.map(answer => answer.status), [200, 200, 200])
  await stack.settled(order)
  const kept = stack.journal()
  await stack.restart('shop')
  assert.equal((await relayed(message, 'msg_one')).status, 200)
  assert.equal(stack.deliveries(order), 1)
  assert.equal(stack.journal(), kept)
})

test('a record that was cut off is dropped, and the next one is whole', { timeout: 60_000 }, async () => {
  const { order } = await paid()
  appendFileSync(`${stack.folder}/shop.jsonl`, '{"message":"msg_half","event":"xp')
  await stack.start('shop')
  await stack.settled(order)
  await stack.restart('shop')
  assert.equal(stack.deliveries(order), 1)
})

test('what is forged, stale or of no order is refused', { timeout: 60_000 }, async () => {
  const { order, message } = await paid()
  await stack.start('shop')
  assert.equal((await relayed(message, 'msg_stale', Date.now() - 600_000)).status, 401)
  const forged = await call(`${stack.shopUrl}/wechat`, { method: 'POST', body: message, headers: { 'webhook-id': 'msg_forged' } })
  assert.equal(forged.status, 401)
  for (const wrong of [{ OutTradeNo: 'unknown' }, { OutTradeNo: undefined, OpenId: undefined }, { OpenId: 'other' }, { GoodsInfo: { ProductId: 'gems_500' } }]) {
    assert.equal((await relayed({ ...message, ...wrong }, 'msg_wrong')).status, 404)
  }
  assert.equal((await stack.order('toString')).status, 400)
  const unknown = await call(`${stack.shopUrl}/orders`, { method: 'POST', token: 'unknown', body: { productId: 'gems_100' } })
  assert.equal(unknown.status, 401)
  await stack.settled(order)
  assert.equal(stack.deliveries(order), 1)
})

test('with a stale session_key the phone logs in, orders again and pays', { timeout: 60_000 }, async () => {
  const path = `${stack.sandbox.url}/sandbox/users/alice/expire-session-key`
  await call(path, { method: 'POST', body: { app_id: stack.sandbox.appId } })
  const { status, data } = await stack.order()
  assert.equal(status, 409, JSON.stringify(data))
  assert.equal(data.error, 'session_key_stale')
  await stack.login()
  await stack.settled(await stack.buy())
})

test('after a login on a second device an order of the first is signed again and paid', { timeout: 60_000 }, async () => {
  const first = stack.phone
  const { data } = await stack.order()
  await stack.login('&fresh_key=true')
  stack.phone = first
  assert.equal((await stack.pay(data)).errCode, -15005)
  await stack.settled(await stack.buy())
})
