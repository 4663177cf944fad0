// The real service with its sandbox, and a phone in front of it.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { program } from '../scripts/program.mjs'

/** Starts the service on free ports; `settings` are variables without their prefix. */
export async function startService(settings = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'wxlogin-client-'))
  const variables = { DATABASE__URL: `sqlite://${folder}/wxlogin.db`, SERVER__LISTEN: '127.0.0.1:0', SERVER__OPS_LISTEN: '127.0.0.1:0',
    SANDBOX__LISTEN: '127.0.0.1:0', LIMITS__LOGIN_PER_MINUTE_PER_IP: '0', ...settings }
  const env = { ...process.env, RUST_LOG: 'warn' }
  for (const [name, value] of Object.entries(variables)) env[`WXLOGIN_${name}`] = value
  const child = spawn(program, { env, cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  let banner = ''
  for await (const chunk of child.stdout) {
    banner += chunk
    if (banner.includes('/user/wxlogin')) break
  }
  child.stdout.destroy()
  const service = /serves on (http:[^,\s]*)/.exec(banner)?.[1]
  const sandbox = /the phones: (http:\S*)/.exec(banner)?.[1]
  if (!service || !sandbox) throw new Error(`the service did not start: ${banner}`)
  return {
    service, sandbox,
    async stop() {
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}

const methods = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']

/** `wx` of a phone that belongs to `user`. `lose` says of which requests the answer gets lost. */
export function phone({ sandbox, user = 'alice', lose = () => false, codes = `${sandbox}/phone/${user}/login?format=text` }) {
  const kept = new Map()
  const sent = []
  const run = (work, { success, fail, complete }) => {
    const ended = (tell, outcome) => { tell?.(outcome); complete?.(outcome) }
    work().then(answer => ended(success, answer), failure => ended(fail, { errMsg: 'request:fail', errno: 600001, ...failure }))
  }
  return {
    sent,
    kept,
    request(options) {
      if (!methods.includes(options.method)) throw new TypeError(`wx.request has no method ${options.method}`)
      run(async () => {
        sent.push(options)
        const isGet = options.method === 'GET'
        // A text is sent as it is. The names of headers have any case.
        const asText = data => (typeof data === 'string' ? data : JSON.stringify(data))
        const body = isGet || options.data === undefined ? undefined : asText(options.data)
        const header = new Headers({ 'content-type': 'application/json' })
        for (const [name, value] of Object.entries(options.header ?? {})) header.set(name, value)
        const answer = await fetch(options.url, { method: options.method, headers: header, body })
        const text = await answer.text()
        if (lose(options)) throw { errMsg: 'request:fail net::ERR_NETWORK_CHANGED' }
        let data = text
        try { data = JSON.parse(text) } catch { /* left as a text, as wx.request does */ }
        return { statusCode: answer.status, data, header: Object.fromEntries(answer.headers), errMsg: 'request:ok' }
      }, options)
      return { abort() {} }
    },
    uploadFile(options) {
      run(async () => {
        const { readFile } = await import('node:fs/promises')
        const form = new FormData()
        form.append(options.name, new Blob([await readFile(options.filePath)]), 'tmp.png')
        const answer = await fetch(options.url, { method: 'POST', headers: options.header, body: form })
        return { statusCode: answer.status, data: await answer.text(), errMsg: 'uploadFile:ok' }
      }, options)
      return { abort() {} }
    },
    login(options) {
      run(async () => ({ code: (await (await fetch(codes)).text()).trim(), errMsg: 'login:ok' }), options)
    },
    checkSession: options => options.success({ errMsg: 'checkSession:ok' }),
    getStorageSync: name => structuredClone(kept.get(name)) ?? '',
    setStorageSync: (name, value) => { kept.set(name, structuredClone(value)) },
    removeStorageSync: name => { kept.delete(name) },
  }
}
