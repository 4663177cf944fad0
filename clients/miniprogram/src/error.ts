/** Errors of the client. */

import type { Answer } from './platform.js'

interface Details {
  status?: number
  requestId?: string
  retryAfter?: number
  errno?: number
  reason?: string
  answer?: Answer
}

/** What went wrong. `error` is for programs, `msg` for people. */
export class WxloginError extends Error implements Details {
  /** The service's id (`user_disabled` …), or `network`, `timeout`, `user_denied`, `logged_out`. */
  error: string
  /** A short sentence, Chinese if it is the service's. */
  msg: string
  /** HTTP status, if there was an answer. */
  status?: number
  /** The service's name of the request, for its log. */
  requestId?: string
  /** Seconds after which the request may be sent again. */
  retryAfter?: number
  /** WeChat's number of the failure, such as 600001. */
  errno?: number
  /** What was wrong with encrypted data. */
  reason?: string
  /** The answer as it came, if there was one. */
  answer?: Answer

  constructor(error: string, msg: string, details: Details = {}) {
    super(msg ? `${error}: ${msg}` : error)
    // Compiled to ES5 by some tools, a subclass of Error forgets what it is.
    Object.setPrototypeOf(this, WxloginError.prototype)
    this.name = 'WxloginError'
    this.error = error
    this.msg = msg
    Object.assign(this, details)
  }

  /** Of what a platform rejected with. */
  static of(failure: any): WxloginError {
    if (failure instanceof WxloginError) return failure
    const { errMsg, message, errno } = failure || {}
    const msg = String(errMsg || message || failure)
    return new WxloginError(/timeout/.test(msg) ? 'timeout' : 'network', msg, { errno })
  }
}

/** Of an answer with a status of 400 or more. */
export function fromAnswer(answer: Answer): WxloginError {
  const { statusCode, data, header } = answer
  const body: any = data && typeof data === 'object' ? data : {}
  let after = body.retryAfter
  for (const name in header || {}) {
    if (after === undefined && name.toLowerCase() === 'retry-after') after = Number((header as any)[name])
  }
  return new WxloginError(body.error || `http_${statusCode}`, body.msg || '', {
    status: statusCode,
    requestId: body.requestId,
    retryAfter: after >= 0 ? after : undefined,
    reason: body.reason,
    answer,
  })
}
