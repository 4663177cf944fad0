/** A request adapter for alova 3: its requests go through the client, with its token and its repeats. */

import type { Answer, Client } from './core.js'
import { WxloginError } from './core.js'

/** `createAlova({ requestAdapter: alovaAdapter(client), … })`. */
export function alovaAdapter(client: Pick<Client, 'request'>) {
  return ({ url, type, data, headers }: any, method: any) => {
    const { timeout } = (method && method.config) || {}
    const answer: Promise<Answer> = client.request({ url, method: type, data, header: headers, timeout: timeout || undefined })
      // A status of 400 and more is an answer here; alova's `responded` decides.
      .catch((error: WxloginError) => { if (error.answer) return error.answer; throw error })
    return {
      response: () => answer,
      headers: () => answer.then(({ header }) => header || {}),
      abort: () => {},
    }
  }
}
