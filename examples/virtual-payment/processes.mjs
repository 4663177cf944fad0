// For the tests: the real service, the simulated WeChat, PostgreSQL and the shop, each a process of its own.
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'

const built = `${process.env.CARGO_TARGET_DIR ?? fileURLToPath(new URL('../../target', import.meta.url))}/debug`
export const hookSecret = `whsec_${randomBytes(32).toString('base64')}`
export const supportKey = randomBytes(16).toString('hex')
const signKey = randomBytes(16).toString('hex')
const masterKey = randomBytes(32).toString('base64')
const push = { token: 'sesame', encoding_aes_key: 'a'.repeat(42) + 'A', mode: 'safe' }

/** Starts a program, and waits for what it prints. */
async function start(file, args, pattern, { env, ...options }) {
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^WX(LOGIN|SANDBOX)_/.test(name)))
  const child = spawn(file, args, { ...options, env: { ...inherited, RUST_LOG: 'off', ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
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

/** With what the console shows of its first app. */
export async function startSandbox(folder) {
  const args = ['--listen', '127.0.0.1:0']
  const sandbox = await start(`${built}/wxsandbox`, args, /listens at (\S+)\n\s+app (\S+) secret (\S+)/, { cwd: folder })
  const [, url, appId, secret] = sandbox.found
  const { data } = await call(`${url}/sandbox/apps`)
  return { ...sandbox, url, appId, secret, virtualPayment: data[0].virtual_payment }
}

/** On the same port at every start, because WeChat's console keeps the URL. */
export async function startService(folder, sandbox, { port, shopPort, database }) {
  const rule = { events: ['xpay_*'], url: `http://127.0.0.1:${shopPort}/wechat`, secret: hookSecret }
  const env = {
    WXLOGIN_DATABASE__URL: database ?? `sqlite://${folder}/wxlogin.db`,
    WXLOGIN_MASTER_KEY: masterKey,
    WXLOGIN_SERVER__LISTEN: `127.0.0.1:${port}`,
    WXLOGIN_SERVER__OPS_LISTEN: '127.0.0.1:0',
    WXLOGIN_WECHAT__BASE_URL: sandbox.url,
    WXLOGIN_APPS: JSON.stringify([{
      app_id: sandbox.appId, secret: sandbox.secret, push_token: push.token, push_aes_key: push.encoding_aes_key, push_relay: [rule],
    }]),
    WXLOGIN_ADMIN__API_KEYS: JSON.stringify([
      { name: 'shop', key: signKey, scopes: ['sign'] }, { name: 'support', key: supportKey, scopes: ['read', 'write'] },
    ]),
    WXLOGIN_LIMITS__LOGIN_PER_MINUTE_PER_IP: '0',
  }
  const service = await start(`${built}/wxlogin`, [], /serves on (http:[^,\s]+)/, { env, cwd: folder })
  const url = service.found[1]
  const body = { push: { ...push, url: `${url}/wechat/events/${sandbox.appId}` } }
  const { status, data } = await call(`${sandbox.url}/sandbox/apps/${sandbox.appId}`, { method: 'PATCH', body })
  if (status !== 200) throw new Error(JSON.stringify(data))
  return { ...service, url }
}

export async function startShop(folder, service, sandbox, port) {
  const { offer_id: OFFER_ID, sandbox_app_key: PAY_APP_KEY } = sandbox.virtualPayment
  const env = {
    WXLOGIN: service.url, SIGN_KEY: signKey, HOOK_SECRET: hookSecret, OFFER_ID, PAY_APP_KEY,
    JOURNAL: `${folder}/shop.jsonl`, PORT: String(port),
  }
  return start(process.execPath, [fileURLToPath(new URL('shop.mjs', import.meta.url))], /listens on .+\n/, { env, cwd: folder })
}

/** A server of its own, which may be killed. PostgreSQL does not run as root. */
export async function startPostgres(folder, port) {
  const programs = postgresPrograms()
  const [uid, gid] = process.getuid() === 0 ? [id('-u'), id('-g')] : [undefined, undefined]
  const data = `${folder}/postgres`
  if (!existsSync(data)) {
    mkdirSync(data)
    chmodSync(folder, 0o711)
    if (uid) chownSync(data, uid, gid)
    const args = ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
    execFileSync(`${programs}/initdb`, args, { uid, gid, cwd: data, stdio: 'ignore' })
  }
  const settings = ['fsync=off', 'logging_collector=off', `unix_socket_directories=${data}`].flatMap(one => ['-c', one])
  const args = ['-D', data, '-h', '127.0.0.1', '-p', String(port), ...settings]
  for (;;) {
    const server = spawn(`${programs}/postgres`, args, { uid, gid, cwd: data, stdio: 'ignore' })
    const ended = once(server, 'exit').then(() => true)
    // Until the children of one that was killed are gone, the next does not start.
    if (await Promise.race([ended, accepts(programs, port)]) === true) continue
    return { url: `postgres://postgres@127.0.0.1:${port}/postgres`, stop: async signal => { server.kill(signal); await ended } }
  }
}

async function accepts(programs, port) {
  for (;;) {
    const probe = spawn(`${programs}/pg_isready`, ['-q', '-h', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
    if ((await once(probe, 'exit'))[0] === 0) return false
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function postgresPrograms() {
  if (process.env.PG_BIN) return process.env.PG_BIN
  const debian = '/usr/lib/postgresql'
  if (existsSync(debian)) return `${debian}/${readdirSync(debian).sort((a, b) => b - a)[0]}/bin`
  return execFileSync('sh', ['-c', 'dirname "$(command -v postgres)"'], { encoding: 'utf8' }).trim()
}

function id(flag) {
  return Number(execFileSync('sh', ['-c', `id ${flag} postgres 2> /dev/null || id ${flag} nobody`], { encoding: 'utf8' }))
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
