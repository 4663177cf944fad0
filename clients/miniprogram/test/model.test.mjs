// Whatever happens: one login or refresh at a time, nobody waits for ever, nobody is logged out who
// need not be.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import fc from 'fast-check'

const { createClient } = createRequire(import.meta.url)('@wxlogin/miniprogram')
const { setTimeout: realTimeout } = globalThis

/** The service's rules of sessions and generations, without the grace: the strictest reading. */
class Service {
  sessions = []
  replays = 0
  logins = 0
  expired = 0
  issue(session, generation) {
    return { token: `a ${session} ${generation} ${this.expired}`, refreshToken: `r ${session} ${generation}` }
  }
  answer({ url, data, header = {} }) {
    if (url.endsWith('/user/wxlogin')) return this.login(data)
    if (url.endsWith('/user/refresh')) return this.refresh(data.refreshToken)
    const [kind, session, generation, period] = (header.Authorization ?? '').replace('Bearer ', '').split(' ')
    if (kind !== 'a') return refused('token_missing')
    const row = this.sessions[session]
    if (row.ended) return refused('session_revoked')
    if (Number(period) < this.expired) return refused('token_expired')
    row.generation = Math.max(row.generation, Number(generation))
    return { statusCode: 200, data: { data: { userId: 'u' } } }
  }
  login({ platCode, nonce }) {
    const known = this.sessions.findIndex(row => row.code === platCode)
    if (known >= 0 && this.sessions[known].nonce !== nonce) return refused('code_invalid')
    if (known < 0) { this.logins += 1; this.sessions.push({ code: platCode, nonce, generation: 0, ended: false }) }
    return well(this.issue(known < 0 ? this.sessions.length - 1 : known, 1))
  }
  refresh(token) {
    const [, session, generation] = token.split(' ')
    const row = this.sessions[session]
    if (row.ended) return refused('session_revoked')
    if (Number(generation) < row.generation) { this.replays += 1; row.ended = true; return refused('refresh_reused') }
    row.generation = Number(generation)
    return well(this.issue(session, Number(generation) + 1))
  }
}
const well = data => ({ statusCode: 200, data: { code: 200, data } })
const refused = error => ({ statusCode: 401, data: { code: 401, error, msg: '', requestId: 'r' } })

/** A phone whose network answers in an order of the scheduler's, and sometimes not at all. */
function phoneOf(service, scheduler, network) {
  const kept = new Map()
  const busy = { now: 0, most: 0 }
  let codes = 0
  return {
    busy,
    lostLogins: 0,
    request(options) {
      const renews = /wxlogin|refresh/.test(options.url)
      if (renews) { busy.now += 1; busy.most = Math.max(busy.most, busy.now) }
      const fate = network()
      const work = async () => (fate === 'lost before' ? undefined : service.answer(structuredClone({ url: options.url, data: options.data, header: options.header })))
      scheduler.schedule(Promise.resolve(), 'there').then(work).then(answer => scheduler.schedule(Promise.resolve(answer), 'back')).then(answer => {
        if (renews) busy.now -= 1
        if (answer && fate === 'lost after' && options.url.endsWith('wxlogin')) this.lostLogins += 1
        if (!answer || fate === 'lost after') options.fail({ errMsg: 'request:fail', errno: 600001 })
        else options.success(answer)
      })
    },
    login: options => { scheduler.schedule(Promise.resolve(), 'code').then(() => options.success({ code: `c${(codes += 1)}` })) },
    checkSession: options => options.success({}),
    uploadFile() {},
    getStorageSync: name => structuredClone(kept.get(name)) ?? '',
    setStorageSync: (name, value) => { kept.set(name, structuredClone(value)) },
    removeStorageSync: name => { kept.delete(name) },
  }
}

const steps = fc.array(fc.oneof(
  fc.record({ kind: fc.constant('request'), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('expire') }),
  fc.record({ kind: fc.constant('revoke') }),
  fc.record({ kind: fc.constant('login') }),
  fc.record({ kind: fc.constant('logout') }),
), { minLength: 1, maxLength: 12 })
const fates = fc.infiniteStream(fc.constantFrom('ok', 'ok', 'ok', 'ok', 'lost before', 'lost after'))

test('one renewal at a time; everybody is answered; no replay', async () => {
  // Pauses of the client take no time here; its deadlines of seconds never end first.
  globalThis.setTimeout = (work, milliseconds, ...more) => realTimeout(work, milliseconds > 5000 ? milliseconds : 0, ...more)
  await fc.assert(fc.asyncProperty(fc.scheduler(), steps, fates, async (scheduler, steps, fates) => {
    const service = new Service()
    const phone = phoneOf(service, scheduler, () => fates.next().value)
    globalThis.wx = phone
    const client = createClient({ baseUrl: 'https://login.example.com' })
    const asked = []
    let isOver = false
    const drive = (async () => { while (!isOver) { if (scheduler.count() > 0) await scheduler.waitOne(); else await new Promise(resolve => setImmediate(resolve)) } })()
    let revoked = 0
    let explicit = 0
    const note = work => asked.push(work.then(() => 'well', error => error.error))
    for (const step of steps) {
      if (step.kind === 'expire') service.expired += 1
      if (step.kind === 'revoke') { revoked += 1; for (const row of service.sessions) row.ended = true }
      if (step.kind === 'request') for (let i = 0; i < step.count; i += 1) note(client.me())
      if (step.kind === 'login') { explicit += 1; note(client.login()) }
      if (step.kind === 'logout') note(client.logout())
      await new Promise(resolve => setImmediate(resolve))
    }
    let timer
    const outcomes = await Promise.race([Promise.all(asked), new Promise((_, reject) => { timer = realTimeout(() => reject(new Error('somebody waits for ever')), 10_000) })])
    clearTimeout(timer)
    isOver = true
    await drive
    assert.ok(phone.busy.most <= 1, `${phone.busy.most} renewals at a time`)
    assert.equal(service.replays, 0, 'a refresh token was replayed')
    // A request may fail for want of a network, or if its session ended twice while it was under way.
    for (const outcome of outcomes) assert.ok(['well', 'network', 'session_revoked', 'token_expired', 'code_invalid', 'logged_out'].includes(outcome), outcome)
    // A login more than the sessions that ended and the answers that were lost would be a needless one.
    assert.ok(service.logins <= 1 + revoked + explicit + phone.lostLogins, `${service.logins} logins`)
  }), { numRuns: 300 })
  globalThis.setTimeout = realTimeout
})
