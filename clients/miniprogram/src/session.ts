/** One user's tokens on this phone: how they are got, renewed and given up. */

import { fromAnswer, WxloginError } from './error.js'
import type { Answer, Platform } from './platform.js'
import type { ClientEvent, ClientOptions } from './core.js'
import type { LoginReply, UserInfo } from './types.js'

/** What is kept. `out` says that the user has logged out. */
interface Kept {
  token?: string
  refreshToken?: string
  out?: boolean
}

/** WeChat allows four calls of wx.login a second. */
const BETWEEN_LOGINS = 260

export const pause = (milliseconds: number): Promise<void> => new Promise(resolve => { setTimeout(resolve, milliseconds) })

export class Session {
  readonly timeout: number
  private readonly base: string
  private readonly name: string
  private readonly listeners: Array<[ClientEvent, () => void]> = []
  /** What was kept last, for a storage that fails: it is full, for example. */
  private memory: Kept = {}
  private storageFails = false
  /** The login and the renewal that callers share. */
  private loggingIn?: Promise<LoginReply>
  private renewing?: Promise<string>
  /** Ends when whatever changes the tokens has ended: one login or refresh at a time. */
  private turn: Promise<unknown> = Promise.resolve()
  /** Ends when wx.login may be called again. */
  private nextCode: Promise<unknown> = Promise.resolve()

  constructor(private readonly platform: Platform, private readonly options: ClientOptions) {
    this.base = options.baseUrl.replace(/\/+$/, '')
    this.name = `wxlogin ${this.base} ${options.appId || ''}`
    this.timeout = options.timeout || 15000
  }

  /** The token to send. Logs in if there is none, unless the user has logged out. */
  async token(mayLogin = true): Promise<string> {
    const { token, out } = await this.kept()
    if (out) throw loggedOut()
    return token || (mayLogin ? this.renew('', true) : '')
  }

  /** A token in place of one that was refused. All who ask at the same moment share one renewal. */
  async renew(refused: string, mayLogin: boolean, why?: WxloginError): Promise<string> {
    const { token, out } = await this.kept()
    if (out) throw why || loggedOut()
    // Another page or runtime was faster.
    if (token && token !== refused) return token
    if (!this.renewing) {
      this.renewing = this.inTurn(() => this.renewed(refused, mayLogin))
      settled(this.renewing, () => { this.renewing = undefined })
    }
    return this.renewing
  }

  private async renewed(refused: string, mayLogin: boolean): Promise<string> {
    const { token, refreshToken, out } = await this.kept()
    // The user may have left while this waited for its turn.
    if (out) throw loggedOut()
    if (token && token !== refused) return token
    if (refreshToken) {
      // It may be presented again if the answer was lost.
      const answer = await this.ask<LoginReply>('/user/refresh', { refreshToken })
      if (answer.statusCode === 200) return this.keep(answer.data.data, 'refreshed')
      if (answer.statusCode !== 401 || !mayLogin) throw fromAnswer(answer)
      // A runtime beside this one may have got newer ones.
      const now = await this.kept()
      if (now.token && now.refreshToken !== refreshToken) return now.token
    }
    return (await this.loggedIn()).token
  }

  /** Logs in. Calls at the same moment share one login; one with a profile is a login of its own. */
  login(profile?: UserInfo, code?: string): Promise<LoginReply> {
    if (profile || code) return this.inTurn(() => this.loggedIn(profile, code))
    if (!this.loggingIn) {
      this.loggingIn = this.inTurn(() => this.loggedIn())
      settled(this.loggingIn, () => { this.loggingIn = undefined })
    }
    return this.loggingIn
  }

  private async loggedIn(profile?: UserInfo, code?: string): Promise<LoginReply> {
    for (let isFirst = true; ; isFirst = false) {
      const body = { platCode: (isFirst && code) || (await this.code()), platUserInfoMap: profile, appId: this.options.appId, nonce: nonce() }
      const answer = await this.ask<LoginReply>('/user/wxlogin', body)
      if (answer.statusCode === 200) {
        await this.keep(answer.data.data, 'loggedIn')
        return answer.data.data
      }
      const error = fromAnswer(answer)
      // The code was spent or too old: a new one, once.
      if (error.error === 'code_invalid' && isFirst) continue
      if (error.status === 401 || error.status === 403) await this.keep({}, 'loggedOut')
      throw error
    }
  }

  /** `work` needs the newest session_key. If WeChat has changed it, the user's next attempt works. */
  async freshly<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if ((error as WxloginError).error === 'session_key_stale') await this.login()
      throw error
    }
  }

  /** Gives the tokens up, also if the service cannot be told. */
  async logout(tell: () => Promise<unknown>): Promise<void> {
    const { token, out } = await this.kept()
    try {
      if (token && !out) await tell()
    } catch (error) {
      // Without a session there is nothing to end.
      if ((error as WxloginError).status !== 401) throw error
    } finally {
      await this.inTurn(() => this.keep({ out: true }, 'loggedOut'))
    }
  }

  on(event: ClientEvent, listener: () => void): () => void {
    const entry: [ClientEvent, () => void] = [event, listener]
    this.listeners.push(entry)
    return () => { const at = this.listeners.indexOf(entry); if (at >= 0) this.listeners.splice(at, 1) }
  }

  /** Fails if there is no answer in time, whatever the platform does. */
  within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new WxloginError('timeout', '请求超时')), this.timeout + 1000)
      settled(work, () => clearTimeout(timer))
      work.then(resolve, reject)
    })
  }

  /** A call without a token, sent once more if there is no answer or the service is not well. */
  private async ask<T>(path: string, data: object): Promise<Answer<{ data: T }>> {
    for (let isFirst = true; ; isFirst = false) {
      try {
        const sent = this.platform.request({ url: this.base + path, method: 'POST', data, timeout: this.timeout, header: {} })
        const answer = (await this.within(sent)) as Answer<{ data: T }>
        const after = fromAnswer(answer).retryAfter || 0
        if (!isFirst || answer.statusCode < 500 || after > 5) return answer
        await pause(after * 1000)
      } catch (failure) {
        if (!isFirst) throw WxloginError.of(failure)
      }
    }
  }

  private code(): Promise<string> {
    const code = this.nextCode.then(() => this.within(this.platform.login()))
    this.nextCode = code.then(() => pause(BETWEEN_LOGINS), () => pause(BETWEEN_LOGINS))
    return code.catch(failure => { throw WxloginError.of(failure) })
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work)
    this.turn = result.then(() => {}, () => {})
    return result
  }

  /** Read anew each time: another runtime of the same mini program may have renewed them. */
  private async kept(): Promise<Kept> {
    if (!this.storageFails) {
      try {
        const kept = await this.platform.storage.get(this.name)
        this.memory = kept && typeof kept === 'object' ? (kept as Kept) : {}
      } catch (_) { /* memory has to do */ }
    }
    return this.memory
  }

  private async keep({ token, refreshToken, out }: Kept, event: ClientEvent): Promise<string> {
    this.memory = { token, refreshToken, out }
    try {
      await this.platform.storage.set(this.name, this.memory)
      this.storageFails = false
    } catch (_) { this.storageFails = true }
    for (const [name, listener] of this.listeners.slice()) {
      // A listener's fault is not the caller's.
      if (name === event) { try { listener() } catch (error) { setTimeout(() => { throw error }, 0) } }
    }
    return token!
  }
}

const loggedOut = () => new WxloginError('logged_out', '已退出登录')

function settled(work: Promise<unknown>, then: () => void): void {
  work.then(then, then)
}

/** Names one attempt to log in. It need not be secret: it counts only together with the code. */
function nonce(): string {
  let text = ''
  while (text.length < 32) text += Math.random().toString(36).slice(2)
  return text.slice(0, 32)
}
