/** For Taro, whose functions return promises. Pass the default import of `@tarojs/taro`. */

import { createClientOn } from './core.js'
import type { Client, ClientOptions } from './core.js'
import { parsed } from './platform.js'

export * from './core.js'

/** The part of Taro that is used. */
export interface TaroApi {
  request(options: any): PromiseLike<any>
  uploadFile(options: any): PromiseLike<any>
  login(options?: any): Promise<{ code: string }>
  checkSession(): Promise<unknown>
  getStorageSync(name: string): unknown
  setStorageSync(name: string, value: unknown): void
  removeStorageSync(name: string): void
}

/** Makes a client on Taro. */
export function createClient(taro: TaroApi, options: ClientOptions): Client {
  return createClientOn({
    request: request => Promise.resolve(taro.request(request)),
    upload: upload => Promise.resolve(taro.uploadFile(upload)).then(answer => ({ ...answer, data: parsed(answer.data) })),
    login: () => taro.login().then(({ code }) => code),
    checkSession: () => taro.checkSession().then(() => true, () => false),
    storage: { get: taro.getStorageSync, set: taro.setStorageSync, remove: taro.removeStorageSync },
  }, options)
}
