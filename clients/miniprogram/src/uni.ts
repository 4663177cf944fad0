/** For uni-app. */

import { createClientOn } from './core.js'
import type { Client, ClientOptions } from './core.js'
import { onCallbacks } from './platform.js'
import type { CallbackApi } from './platform.js'

export * from './core.js'

declare const uni: CallbackApi

/** Makes a client on `uni`. */
export function createClient(options: ClientOptions): Client {
  return createClientOn(onCallbacks(() => uni), options)
}
