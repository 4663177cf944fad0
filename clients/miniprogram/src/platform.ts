/** What the client needs of a platform; adapters give it. */

/** A request, with the names of `wx.request`. */
export interface RequestOptions {
  /** A whole address, or a path of the service. */
  url: string
  /** `wx.request` has OPTIONS, GET, HEAD, POST, PUT, DELETE, TRACE and CONNECT; PATCH is missing. */
  method?: string
  data?: unknown
  header?: Record<string, string>
  /** Milliseconds. */
  timeout?: number
  /** May it be sent twice if its answer is lost? Default: GET and HEAD. */
  repeatable?: boolean
  [more: string]: unknown
}

/** An answer, whatever its status. Header names may have any case. */
export interface Answer<T = unknown> {
  statusCode: number
  data: T
  header?: Record<string, unknown>
}

/** The options of `wx.uploadFile`. */
export interface UploadOptions {
  url: string
  filePath: string
  name: string
  header: Record<string, string>
  timeout?: number
}

export type FormUpload = (options: UploadOptions) => Promise<Answer>

/** Keeps values under names. May be asynchronous. */
export interface Storage {
  get(name: string): unknown
  set(name: string, value: unknown): unknown
  remove(name: string): unknown
}

export interface Platform {
  /** Resolves with any status; rejects with `{ errMsg, errno? }` if there was no answer. */
  request(options: RequestOptions): Promise<Answer>
  upload: FormUpload
  /** A new code of `wx.login`. */
  login(): Promise<string>
  /** Whether the session_key of the last code is still good (`wx.checkSession`). */
  checkSession(): Promise<boolean>
  storage: Storage
}

/** The callback API that WeChat's `wx` and uni-app's `uni` share. */
export interface CallbackApi {
  request(options: any): unknown
  uploadFile(options: any): unknown
  login(options: any): unknown
  checkSession(options: any): unknown
  getStorageSync(name: string): unknown
  setStorageSync(name: string, value: unknown): void
  removeStorageSync(name: string): void
}

/** A platform on a callback API. */
export function onCallbacks(api: () => CallbackApi): Platform {
  const call = <T>(name: 'request' | 'uploadFile' | 'login' | 'checkSession', options: object) =>
    new Promise<T>((success, fail) => { api()[name]({ ...options, success, fail }) })
  return {
    request: options => call('request', options),
    upload: options => call<Answer<string>>('uploadFile', options).then(answer => ({ ...answer, data: parsed(answer.data) })),
    login: () => call<{ code: string }>('login', { provider: 'weixin' }).then(({ code }) => code),
    checkSession: () => call('checkSession', {}).then(() => true, () => false),
    storage: {
      get: name => api().getStorageSync(name),
      set: (name, value) => api().setStorageSync(name, value),
      remove: name => api().removeStorageSync(name),
    },
  }
}

/** `wx.uploadFile` gives the body as a text. */
export function parsed(body: unknown): unknown {
  try { return JSON.parse(body as string) } catch (_) { return body }
}
