// For the test: the real service, the simulated WeChat and the shop, each a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { randomBytes } from 'node:crypto'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const built = `${process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url))}/debug`
export const hookSecret = `whsec_${randomBytes(32).toString('base64')}`
export const payAppKey = randomBytes(16).toString('hex')
export const supportKey = randomBytes(16).toString('hex')
const signKey = randomBytes(16).toString('hex')
const pushToken = 'sesame'

/** Starts a program, and waits for what it prints. */
async function start(file, args, env, cwd, pattern) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^WX(LOGIN|SANDBOX)_/.test(name)))
  const child = spawn(file, args, { cwd, env: { ...inherited, RUST_LOG: 'error', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  let printed = ''
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    printed += chunk
    if (pattern.test(printed)) break
  }
  child.stdout.resume()
  const found = pattern.exec(printed)
  if (!found) throw new Error(`${file} did not start: ${printed}`)
  const ended = once(child, 'exit')
  const stop = async signal => { child.kill(signal); await ended }
  return { found, stop }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

export async function startSandbox(folder) {
  const sandbox = await start(`${built}/wxsandbox`, ['--listen', '127.0.0.1:0'], {}, folder, /listens at (\S+)\n\s+app (\S+) secret (\S+)/)
  const [, url, appId, secret] = sandbox.found
  return { ...sandbox, url, appId, secret }
}

export async function startService(folder, sandbox, shopPort) {
  const rule = { events: ['xpay_*'], url: `http://127.0.0.1:${shopPort}/wechat`, secret: hookSecret }
  const env = {
    WXLOGIN_DATABASE__URL: `sqlite://${folder}/wxlogin.db`,
    WXLOGIN_SERVER__LISTEN: '127.0.0.1:0',
    WXLOGIN_SERVER__OPS_LISTEN: '127.0.0.1:0',
    WXLOGIN_WECHAT__BASE_URL: sandbox.url,
    WXLOGIN_APPS: JSON.stringify([{ app_id: sandbox.appId, secret: sandbox.secret, push_token: pushToken, push_relay: [rule] }]),
    WXLOGIN_ADMIN__API_KEYS: JSON.stringify([
      { name: 'shop', key: signKey, scopes: ['sign'] }, { name: 'support', key: supportKey, scopes: ['read', 'write'] },
    ]),
  }
  const service = await start(`${built}/wxlogin`, [], env, folder, /serves on (http:[^,\s]+)/)
  const url = service.found[1]
  const push = { url: `${url}/wechat/events/${sandbox.appId}`, token: pushToken, encoding_aes_key: 'a'.repeat(42) + 'A', mode: 'plain' }
  const { status, data } = await call(`${sandbox.url}/sandbox/apps/${sandbox.appId}`, { method: 'PATCH', body: { push } })
  if (status !== 200) throw new Error(JSON.stringify(data))
  return { ...service, url }
}

export async function startShop(folder, service, port) {
  const env = {
    WXLOGIN: service.url, SIGN_KEY: signKey, HOOK_SECRET: hookSecret, OFFER_ID: '123', PAY_APP_KEY: payAppKey,
    JOURNAL: `${folder}/shop.jsonl`, PORT: String(port),
  }
  return start(process.execPath, [fileURLToPath(new URL('shop.mjs', import.meta.url))], env, folder, /listens on .+\n/)
}

/** The status and the body, from JSON if it is. */
export async function call(url, { method = 'GET', token, body, headers } = {}) {
  const answer = await fetch(url, {
    method,
    headers: { ...(token && { authorization: `Bearer ${token}` }), ...(body && { 'content-type': 'application/json' }), ...headers },
    body: typeof body === 'string' ? body : body && JSON.stringify(body),
  })
  const text = await answer.text()
  try {
    return { status: answer.status, data: JSON.parse(text) }
  } catch {
    return { status: answer.status, data: text }
  }
}
