// For the tests: all the processes together, and a phone that buys.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { call, freePort, startPostgres, startSandbox, startService, startShop, supportKey } from './processes.mjs'

export class Stack {
  /** `hookPort` is where the relay sends messages, if not straight to the shop. */
  static async open({ postgres = false, shopPort, hookPort } = {}) {
    const stack = new Stack()
    stack.folder = mkdtempSync(join(tmpdir(), 'wxlogin-shop-'))
    stack.ports = { shop: shopPort ?? await freePort(), service: await freePort(), postgres: postgres && await freePort() }
    stack.hookPort = hookPort ?? stack.ports.shop
    try {
      stack.sandbox = await startSandbox(stack.folder)
      for (const name of ['postgres', 'service', 'shop']) await stack.start(name)
      await stack.login()
      return stack
    } catch (error) {
      await stack.close()
      throw error
    }
  }

  async start(name) {
    const { folder, sandbox, ports, hookPort } = this
    if (name === 'postgres' && ports.postgres) this.postgres = await startPostgres(folder, ports.postgres)
    if (name === 'service') {
      this.service = await startService(folder, sandbox, { port: ports.service, shopPort: hookPort, database: this.postgres?.url })
    }
    if (name === 'shop') this.shop = await startShop(folder, this.service, sandbox, ports.shop)
  }

  kill(name) {
    return this[name].stop('SIGKILL')
  }

  async restart(name) {
    await this.kill(name)
    await this.start(name)
  }

  async close() {
    for (const one of [this.shop, this.service, this.sandbox]) await one?.stop('SIGTERM')
    await this.postgres?.stop('SIGINT')
    rmSync(this.folder, { recursive: true })
  }

  get shopUrl() {
    return `http://127.0.0.1:${this.ports.shop}`
  }

  async code(options = '') {
    return (await call(`${this.sandbox.url}/phone/alice/login?format=text${options}`)).data.trim()
  }

  async login(options) {
    const { status, data } = await call(`${this.service.url}/user/wxlogin`, { method: 'POST', body: { platCode: await this.code(options) } })
    assert.equal(status, 200, JSON.stringify(data))
    this.phone = data.data
  }

  /** What the shop gives the phone for `wx.requestVirtualPayment`. */
  order(productId = 'gems_100') {
    return call(`${this.shopUrl}/orders`, { method: 'POST', token: this.phone.token, body: { productId } })
  }

  /** `wx.requestVirtualPayment`, and what its callback gets. */
  async pay(payment) {
    return (await call(`${this.sandbox.url}/phone/alice/request-virtual-payment`, { method: 'POST', body: payment })).data
  }

  /** Order and payment; the order's number. */
  async buy(productId) {
    const { status, data } = await this.order(productId)
    assert.equal(status, 200, JSON.stringify(data))
    assert.deepEqual(await this.pay(data), { errMsg: 'requestVirtualPayment:ok' })
    return JSON.parse(data.signData).outTradeNo
  }

  /** WeChat's message on the order, and what became of it. */
  async notice(order) {
    const { data } = await call(`${this.sandbox.url}/sandbox/apps/${this.sandbox.appId}/payment-notices`)
    return data.find(({ message }) => message.OutTradeNo === order)
  }

  /** The numbers of the orders that the user has got. */
  async goods() {
    return (await call(`${this.shopUrl}/goods`, { token: this.phone.token })).data.map(({ outTradeNo }) => outTradeNo)
  }

  journal() {
    return readFileSync(`${this.folder}/shop.jsonl`, 'utf8')
  }

  /** How often the order was delivered. */
  deliveries(order) {
    return this.journal().split(`"delivered":"${order}"`).length - 1
  }

  /** How often each message was processed, by its webhook-id. */
  messages() {
    const ids = this.journal().trim().split('\n').map(line => JSON.parse(line).message).filter(Boolean)
    return ids.map(id => ids.filter(other => other === id).length)
  }

  async waiting() {
    return (await call(`${this.service.url}/admin/push?state=waiting`, { token: supportKey })).data?.data?.items
  }

  /** Makes WeChat and the relay send at once what they would send in some seconds. */
  async hurry() {
    await call(`${this.sandbox.url}/sandbox/apps/${this.sandbox.appId}/payment-notices/hurry`, { method: 'POST' })
    for (const { id } of await this.waiting() ?? []) {
      await call(`${this.service.url}/admin/push/${id}/retry`, { method: 'POST', token: supportKey })
    }
  }

  /** Waits until the shop has delivered the order, WeChat has the success, and no message waits. */
  async settled(order) {
    for (;;) {
      await this.hurry()
      const waiting = await this.waiting()
      if (this.deliveries(order) && (await this.notice(order)).delivered && waiting?.length === 0) return
      await new Promise(resolve => setTimeout(resolve, 100))
    }
  }
}
