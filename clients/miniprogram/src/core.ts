/** The client: who is logged in, which token goes along, and what happens when it is refused. */

import { fromAnswer, WxloginError } from './error.js'
import { pause, Session } from './session.js'
import type { Answer, Platform, RequestOptions } from './platform.js'
import type { LoginReply, OpenData, Profile, User, UserInfo } from './types.js'

export { WxloginError } from './error.js'
export type { Answer, FormUpload, Platform, RequestOptions, Storage, UploadOptions } from './platform.js'
export type { LoginReply, OpenData, Profile, User, UserInfo } from './types.js'

/** What `createClient` needs to know. */
export interface ClientOptions {
  /** Address of the service, such as `https://login.example.com`. */
  baseUrl: string
  /** AppID, where the service has several apps and the phone's Referer does not tell (multi-end apps). */
  appId?: string
  /** Addresses of other backends that accept the token. It is sent to nobody else. */
  alsoSendTo?: string[]
  /** Milliseconds that one request may take. Default 15 000. */
  timeout?: number
  /** Where the tokens are kept. Default: the platform's storage. */
  storage?: Platform['storage']
  /** Sends a request. Default: the platform's. */
  request?: Platform['request']
  /** Gives a code of `wx.login`. Default: the platform's. */
  login?: Platform['login']
}

/** `loggedIn` and `refreshed` come with new tokens; `loggedOut` when none are left. */
export type ClientEvent = 'loggedIn' | 'refreshed' | 'loggedOut'

/** A tap on a button with `open-type="getPhoneNumber"`. */
export interface PhoneEvent {
  detail: { code?: string; encryptedData?: string; iv?: string; errMsg?: string; errno?: number }
}

/** Milliseconds of `Retry-After` that a request waits out by itself. */
const PATIENCE = 5000

export type Client = ReturnType<typeof createClientOn>

/** Makes a client on a platform. */
export function createClientOn(platform: Platform, options: ClientOptions) {
  const on: Platform = {
    ...platform,
    request: options.request || platform.request,
    login: options.login || platform.login,
    storage: options.storage || platform.storage,
  }
  const session = new Session(on, options)
  const base = options.baseUrl.replace(/\/+$/, '')
  const mayHaveToken = [base].concat(options.alsoSendTo || [])

  /** Sends with the token. At most once each: renews it, repeats a lost request, waits for `Retry-After`. */
  async function withToken<T>(url: string, repeatable: boolean, send: (header: Record<string, string>) => Promise<Answer<T>>, mayLogin = true) {
    const isOurs = mayHaveToken.some(start => url === start || url.indexOf(start.replace(/\/*$/, '/')) === 0)
    let token = isOurs ? await session.token(mayLogin) : undefined
    const done: { [deed: string]: boolean } = {}
    const once = (deed: string) => !done[deed] && (done[deed] = true)
    for (;;) {
      let answer: Answer<T>
      try {
        answer = await session.within(send(token ? { Authorization: `Bearer ${token}` } : {}))
      } catch (failure) {
        if (repeatable && once('repeat')) continue
        throw WxloginError.of(failure)
      }
      const status = answer.statusCode
      if (status < 400) return answer
      const error = fromAnswer(answer)
      // Refused before anything was done, or safe to do again.
      const mayWait = isOurs && (status === 429 || (status === 503 && repeatable))
      if (status === 401 && token && once('renew')) token = await session.renew(token, mayLogin, error)
      else if (mayWait && error.retryAfter! * 1000 <= PATIENCE && once('wait')) await pause(error.retryAfter! * 1000)
      else throw error
    }
  }

  /** Sends a request. `url` may be a path of the service. Rejects with `WxloginError`. */
  function request<T = unknown>(request: RequestOptions): Promise<Answer<T>> {
    const url = request.url.charAt(0) === '/' ? base + request.url : request.url
    const method = (request.method || 'GET').toUpperCase()
    const repeatable = request.repeatable === undefined ? method === 'GET' || method === 'HEAD' : request.repeatable
    return withToken(url, repeatable, header =>
      on.request({ timeout: session.timeout, ...request, url, method, header: { ...request.header, ...header } }) as Promise<Answer<T>>)
  }

  /** A call of the service; gives the `data` of its answer. */
  async function call<T>(path: string, method: string, data?: object, repeatable = true): Promise<T> {
    const answer = await request<{ data: T }>({ url: path, method, data, repeatable })
    return answer.data.data
  }

  return {
    /**
     * Logs in, silently. Calls at the same moment share one login. A profile that WeChat encrypted needs the `code`
     * of a `wx.login` before it, because a later one may have changed the session_key.
     */
    login: (profile?: UserInfo, code?: string): Promise<LoginReply> => session.login(profile, code),
    request,
    /** Makes sure that the service has the phone's session_key: call it before a page shows a button that encrypts. */
    async prepareButton(): Promise<void> {
      await session.token()
      if (!(await session.within(on.checkSession()).catch(() => false))) await session.login()
    },
    me: () => call<User>('/user/me', 'GET'),
    /** Changes what it names; `''` and gender 0 take a field back. */
    updateProfile: (profile: Profile) => call<User>('/user/me', 'POST', profile),
    /** Uploads the temporary file that `chooseAvatar` gives. */
    async uploadAvatar(filePath: string): Promise<User> {
      const url = `${base}/user/avatar`
      const answer = await withToken<{ data: User }>(url, true, header =>
        on.upload({ url, filePath, name: 'avatar', header, timeout: session.timeout }) as Promise<Answer<{ data: User }>>)
      return answer.data.data
    },
    /** Binds the number of a phone button. The code of the button works once, so it is not sent twice. */
    bindPhone({ detail }: PhoneEvent): Promise<User> {
      const { code, encryptedData, iv } = detail
      if (code) return call('/user/phone', 'POST', { code }, false)
      if (encryptedData && iv) return session.freshly(() => call<User>('/user/phone', 'POST', { encryptedData, iv }))
      return Promise.reject(new WxloginError('user_denied', detail.errMsg || '', { errno: detail.errno }))
    },
    /** Opens data that WeChat encrypted for the user. */
    openData: ({ encryptedData, iv }: { encryptedData: string; iv: string }) =>
      session.freshly(() => call<OpenData>('/user/opendata', 'POST', { encryptedData, iv })),
    /** Ends the session. Afterwards `request` does not log in by itself until `login` is called. */
    logout: (everywhere = false): Promise<void> => session.logout(() =>
      withToken(`${base}/user/logout`, true, header => on.request({ url: `${base}/user/logout`, method: 'POST', data: { everywhere }, header, timeout: session.timeout }), false)),
    /** Calls `listener` at each event; gives the function that stops it. */
    on: (event: ClientEvent, listener: () => void): (() => void) => session.on(event, listener),
  }
}
