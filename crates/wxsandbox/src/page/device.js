/** A phone with the mini program open: what it asks of WeChat and of the service. */

import { Lost, Refusal } from './run.js'

/** The service's address under the name of this page: the service refuses pages of other names. */
export function near(service, { hostname }) {
  const url = new URL(service)
  if (/^(localhost|127\..*|\[::1\])$/.test(url.hostname)) url.hostname = hostname
  return url.origin + url.pathname.replace(/\/+$/, '')
}

/** Asks the sandbox for something of the page's own; no step of a login. */
export async function sandbox(path, method = 'GET', body) {
  const response = await fetch(path, { method, headers: body && { 'content-type': 'application/json' }, body: body && JSON.stringify(body) })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}

const quoted = text => `'${text.replaceAll("'", `'"'"'`)}'`

/** The same request for a shell. */
export function curl(method, url, headers = {}, body) {
  const parts = ['curl -s', method === 'GET' ? '' : `-X ${method}`, ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`)]
  return [...parts, body ? `-d ${quoted(body)}` : '', quoted(url)].filter(Boolean).join(' ')
}

async function bodyOf(response) {
  const text = await response.text()
  try { return JSON.parse(text) } catch { return text }
}

export class Device {
  /** Tokens of the session, if there is one. */
  tokens = undefined

  constructor(service, user, appId, number = 1) {
    Object.assign(this, { service, user, appId, number })
  }

  /** A function of `wx`, which the sandbox answers. */
  async wx(run, title, name, query = {}, facts = () => []) {
    const path = `/phone/${encodeURIComponent(this.user)}/${name}?${new URLSearchParams({ appid: this.appId, ...query })}`
    const start = performance.now()
    const response = await fetch(path, { method: 'POST' })
    const got = await bodyOf(response)
    const step = run.add({
      from: 'phone', to: 'wechat', both: true, title, line: `POST ${path}`, ms: performance.now() - start, phone: this.number,
      got, curl: curl('POST', location.origin + path), facts: response.ok ? facts(got) : [], state: response.ok ? 'ok' : 'refused',
    })
    if (!response.ok) throw Object.assign(new Error(got.error), { step })
    return got
  }

  /**
   * A request to the service, as the phone's `wx.request` sends it. `lose` throws the answer away.
   * `inside` gives the steps within the service, from its answer and what it asked WeChat.
   */
  async send(run, title, method, path, { body, form, token = this.tokens?.token, lose = false, inside = () => [], facts = () => [] } = {}) {
    const url = this.service + path
    const text = body && JSON.stringify(body)
    const headers = { ...(text && { 'Content-Type': 'application/json' }), ...(token && { Authorization: `Bearer ${token}` }) }
    run.add({ from: 'phone', to: 'service', title, line: `${method} ${path}`, phone: this.number, sent: body ?? (form && [...form.values()].map(file => `${file.name}, ${file.type}, ${file.size} bytes`)), curl: form ? undefined : curl(method, url, headers, text) })
    const before = await lastCall()
    const start = performance.now()
    let response
    try {
      response = await fetch(url, { method, headers, body: form ?? text })
    } catch {
      run.add({ from: 'service', to: 'phone', title: 'step.silence', state: 'lost', ms: performance.now() - start, phone: this.number })
      throw new Lost()
    }
    const got = await bodyOf(response)
    const ms = performance.now() - start
    const calls = await sandbox(`/sandbox/calls?after=${before}`)
    for (const call of calls) run.add(callStep(call))
    if (response.ok && !lose) for (const step of inside(got.data, ms - sum(calls))) run.add({ from: 'service', to: 'service', ...step })
    const requestId = response.headers.get('x-request-id')
    const refused = !response.ok
    run.add({
      from: 'service', to: 'phone', title: lose ? 'step.lost' : 'step.answer', status: response.status, ms, got, phone: this.number,
      state: lose ? 'lost' : refused ? 'refused' : 'ok', error: refused && !lose ? got.error : undefined,
      facts: [['msg', got.msg], ...(refused ? [['error', got.error]] : facts(got.data)), ['X-Request-Id', requestId], ['Retry-After', response.headers.get('retry-after')]].filter(([, value]) => value),
    })
    if (lose) return undefined
    if (refused) throw new Refusal(response.status, got)
    return got.data
  }

  /** A request with the token; an expired one is refreshed, and the request repeated, once. */
  async asUser(run, title, method, path, options) {
    try {
      return await this.send(run, title, method, path, options)
    } catch (error) {
      if (error.error !== 'token_expired') throw error
      await this.refresh(run)
      return this.send(run, title, method, path, options)
    }
  }

  async refresh(run, options = {}) {
    const { refreshToken } = this.tokens
    const tokens = await this.send(run, 'step.refresh', 'POST', '/user/refresh', { body: { refreshToken }, token: null, ...options })
    if (tokens) this.keep(tokens)
    return tokens
  }

  keep({ token, refreshToken, expiresIn }) {
    this.tokens = { token, refreshToken, until: Date.now() + expiresIn * 1000 }
  }
}

const sum = calls => calls.reduce((all, { took_us }) => all + took_us / 1000, 0)

/** Number of the last call that was seen, so that only later ones are fetched. */
let seen = 0

async function lastCall() {
  seen = (await sandbox(`/sandbox/calls?after=${seen}`)).at(-1)?.number ?? seen
  return seen
}

/** A call that the service made to WeChat, as the sandbox saw it; secrets are dots already. */
function callStep(call) {
  const parsed = text => { try { return JSON.parse(text) } catch { return text } }
  const got = parsed(call.answer)
  const bad = call.errcode !== 0 || call.faults.length > 0
  const facts = [['errcode', call.errcode || undefined], ['fault', call.faults.join(', ')], ['openid', got.openid], ['unionid', got.unionid], ['session_key', got.session_key && 'fact.key.stays']]
  return {
    from: 'service', to: 'wechat', both: true, title: `call.${call.path}`, line: `${call.method} ${call.path}`, ms: call.took_us / 1000,
    status: call.status ?? undefined, state: bad ? 'refused' : 'ok', facts: facts.filter(([, value]) => value),
    sent: call.body ? parsed(call.body) : Object.fromEntries(call.query), got,
  }
}
