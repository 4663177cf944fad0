/** An axios adapter: requests of axios go through the client, with its token and its repeats. */

import type { Answer, Client } from './core.js'
import { WxloginError } from './core.js'

/** `axios.create({ adapter: axiosAdapter(client, axios) })`; axios 1. */
export function axiosAdapter(client: Pick<Client, 'request'>, axios: { getUri(config: any): string; AxiosError: any }) {
  return async (config: any): Promise<any> => {
    const { data, method, timeout } = config
    const header: Record<string, string> = { ...(config.headers.toJSON ? config.headers.toJSON() : config.headers) }
    const fail = (error: WxloginError, response?: object) => Object.assign(
      new axios.AxiosError(error.message, error.status ? 'ERR_BAD_RESPONSE' : error.error === 'timeout' ? 'ECONNABORTED' : 'ERR_NETWORK', config, undefined, response),
      { cause: error, errno: error.errno })
    const respond = ({ statusCode, data, header }: Answer) =>
      ({ status: statusCode, statusText: '', data, headers: header || {}, config, request: undefined })
    try {
      return respond(await client.request({ url: axios.getUri({ ...config, baseURL: absolute(config) }), method, data, header, timeout: timeout || undefined }))
    } catch (error) {
      const { answer } = error as WxloginError
      if (!answer) throw fail(error as WxloginError)
      const response = respond(answer)
      if (config.validateStatus && config.validateStatus(answer.statusCode)) return response
      throw fail(error as WxloginError, response)
    }
  }
}

const absolute = ({ baseURL }: any) => baseURL || ''
