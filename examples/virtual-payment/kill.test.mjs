// kill -9 of each process at each step between the tap and the delivery: nothing is lost, and nothing is delivered twice.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { openGate } from './gate.mjs'
import { freePort } from './processes.mjs'
import { Stack } from './stack.mjs'

// The moments of the kill. Each function buys something and returns the order's number.
const steps = {
  async 'between the order and the payment'(stack, gate, victim) {
    const { status, data } = await stack.order()
    assert.equal(status, 200, JSON.stringify(data))
    await stack.restart(victim)
    assert.deepEqual(await stack.pay(data), { errMsg: 'requestVirtualPayment:ok' })
    return JSON.parse(data.signData).outTradeNo
  },
  async 'while the user pays'(stack, gate, victim) {
    const { data } = await stack.order()
    const { outTradeNo } = JSON.parse(data.signData)
    await stack.kill(victim)
    assert.deepEqual(await stack.pay(data), { errMsg: 'requestVirtualPayment:ok' })
    while (!(await stack.notice(outTradeNo)).attempts.length) await new Promise(resolve => setTimeout(resolve, 50))
    await stack.start(victim)
    return outTradeNo
  },
  'while the message is on its way to the shop': whileHeld('request'),
  'after the shop has the message and before the service has the response': whileHeld('answer'),
  async 'after the delivery'(stack, gate, victim) {
    const order = await stack.buy()
    await stack.settled(order)
    await stack.restart(victim)
    return order
  },
}

function whileHeld(place) {
  return async (stack, gate, victim) => {
    gate.close(place)
    const order = await stack.buy()
    await gate.reached
    await stack.restart(victim)
    gate.open()
    return order
  }
}

for (const postgres of [false, true]) {
  describe(postgres ? 'on PostgreSQL' : 'on SQLite', () => {
    let stack, gate

    before(async () => {
      const shopPort = await freePort()
      gate = await openGate(shopPort)
      stack = await Stack.open({ postgres, shopPort, hookPort: gate.port })
    })

    after(async () => {
      gate?.end()
      await stack?.close()
    })

    for (const [when, buy] of Object.entries(steps)) {
      for (const victim of ['service', 'shop', ...(postgres ? ['postgres'] : [])]) {
        test(`kill -9 of the ${victim} ${when}`, { timeout: 120_000 }, async () => {
          const order = await buy(stack, gate, victim)
          await stack.settled(order)
          assert.ok((await stack.goods()).includes(order))
          assert.equal(stack.deliveries(order), 1)
          assert.ok(stack.messages().every(times => times === 1), 'each webhook-id is processed once')
        })
      }
    }
  })
}
