/** What happened after one press: a list of steps, each between two of phone, service and WeChat. */

export class Run {
  steps = []
  state = 'running'
  /** Key of the sentence that says how it ended, and its values. */
  verdict = ['verdict.running', {}]
  #start = performance.now()

  /** `name` is the key of the title; `changed` is called after each change. */
  constructor(name, changed = () => {}) {
    this.name = name
    this.changed = () => changed(this)
  }

  /** Adds a step: `{ from, to, title, line?, ms?, status?, facts?, sent?, got?, curl?, both? }`. */
  add(step) {
    const added = { state: 'ok', facts: [], ...step }
    this.steps.push(added)
    this.changed()
    return added
  }

  end(state, key, values = {}) {
    this.state = state
    this.ms = performance.now() - this.#start
    this.verdict = [key, values]
    this.changed()
  }
}

/** The service answered with a failure. */
export class Refusal extends Error {
  constructor(status, body) {
    super(body?.error ?? `HTTP ${status}`)
    Object.assign(this, { status, error: body?.error ?? `http_${status}`, msg: body?.msg ?? '' })
  }
}

/** There was no answer. */
export class Lost extends Error {}
