/** What can go wrong, and what the service answers then. */

import { Device, sandbox } from './device.js'
import { credentials, login, send, showToken } from './login.js'
import { decode } from './token.js'

/** What WeChat can be made to do at the next code2session. */
export const faults = {
  busy: { effect: 'errcode', code: -1 },
  frequent: { effect: 'errcode', code: 45011 },
  blocked: { effect: 'errcode', code: 40226 },
  secret: { effect: 'errcode', code: 40125 },
  slow: { effect: 'delay', ms: 1500 },
  hang: { effect: 'hang' },
  reset: { effect: 'reset', consume: true },
  html: { effect: 'html' },
  half: { effect: 'half_body', consume: true },
  openid: { effect: 'without_field', field: 'openid' },
}

/** Runs `work`, which the service is to refuse with `error`. */
async function refused(error, work) {
  const problem = await work().then(() => new Error(`not refused with ${error}`), problem => problem)
  if (problem.error !== error) throw problem
}

export async function stale(run, device) {
  await sandbox(`/sandbox/users/${encodeURIComponent(device.user)}/replace-session-key?appid=${device.appId}`, 'POST')
  run.add({ from: 'wechat', to: 'wechat', title: 'step.replaced' })
  const open = async () => {
    const { encryptedData, iv } = await device.wx(run, 'step.run', 'we-run-data')
    return device.asUser(run, 'step.open', 'POST', '/user/opendata', { body: { encryptedData, iv } })
  }
  await refused('session_key_stale', open)
  await send(run, device, await credentials(run, device))
  await open()
  run.end('ok', 'verdict.stale')
}

export async function second(run, device) {
  const other = new Device(device.service, device.user, device.appId, 2)
  await send(run, other, await credentials(run, other))
  const { sid } = decode(device.tokens.token).claims
  await other.asUser(run, 'step.sessions', 'GET', '/user/sessions', { facts: ({ items }) => [['items', `${items.length}`]] })
  await other.asUser(run, 'step.end', 'DELETE', `/user/sessions/${sid}`)
  await refused('session_revoked', () => device.send(run, 'step.me', 'GET', '/user/me'))
  device.tokens = undefined
  run.end('ok', 'verdict.second')
}

export async function lostLogin(run, device) {
  const body = await credentials(run, device)
  await send(run, device, body, { lose: true })
  await send(run, device, body)
  const { nonce, ...without } = body
  await refused('code_invalid', () => send(run, device, without))
  await showToken(run, device)
  run.end('ok', 'verdict.lost.login')
}

export async function lostRefresh(run, device) {
  const { sid } = decode(device.tokens.token).claims
  await device.refresh(run, { lose: true })
  await device.refresh(run)
  await device.send(run, 'step.me', 'GET', '/user/me')
  const same = decode(device.tokens.token).claims.sid === sid
  run.end(same ? 'ok' : 'refused', same ? 'verdict.lost.refresh' : 'verdict.failed')
}

export async function copied(run, device) {
  const copy = device.tokens.refreshToken
  await device.refresh(run)
  await device.refresh(run)
  await device.send(run, 'step.me', 'GET', '/user/me')
  const thief = new Device(device.service, device.user, device.appId, 2)
  thief.tokens = { refreshToken: copy }
  await refused('refresh_reused', () => thief.refresh(run))
  await refused('session_revoked', () => device.send(run, 'step.me', 'GET', '/user/me'))
  device.tokens = undefined
  run.end('ok', 'verdict.copied')
}

export async function fault(run, device, name) {
  const { id } = await sandbox('/sandbox/faults', 'POST', { api: '/sns/jscode2session', app_id: device.appId, ...faults[name] })
  run.add({ from: 'wechat', to: 'wechat', title: `fault.${name}`, sent: faults[name] })
  try {
    await login(run, device)
  } finally {
    await sandbox(`/sandbox/faults/${id}`, 'DELETE')
  }
}
