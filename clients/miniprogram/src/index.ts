/** For native mini programs and small games. */

import { createClientOn } from './core.js'
import type { Client, ClientOptions } from './core.js'
import { onCallbacks } from './platform.js'
import type { CallbackApi } from './platform.js'

export * from './core.js'

declare const wx: CallbackApi

/** Makes a client on `wx`. */
export function createClient(options: ClientOptions): Client {
  return createClientOn(onCallbacks(() => wx), options)
}
