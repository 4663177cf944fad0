/** A whole login, from `wx.login` to the token and to what is stored. */

import { decode, verify } from './token.js'

/** 32 random hex digits. */
export const nonce = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), byte => byte.toString(16).padStart(2, '0')).join('')

/** What the phone sends: a code, and the profile if `profile` names a kind of it. */
export async function credentials(run, device, profile, fresh = false) {
  const { code: platCode } = await device.wx(run, 'step.code', 'login', fresh ? { fresh_key: true } : {}, ({ code }) => [['code', code]])
  const body = { platCode, appId: device.appId, nonce: nonce() }
  if (profile) {
    const { encryptedData, iv, rawData, signature } = await device.wx(run, 'step.profile', 'profile', { kind: profile }, ({ userInfo }) => [['nickName', userInfo?.nickName]])
    body.platUserInfoMap = { encryptedData, iv, rawData, signature }
  }
  return body
}

/** What the service did with the answer of WeChat, as far as its own answer tells. */
function inside(sent) {
  return (data, ms) => [
    sent.platUserInfoMap
      ? { title: 'step.decrypt', facts: [['nickName', data.nickName], ['watermark.appid', data.watermark?.appid], ['watermark.timestamp', when(data.watermark?.timestamp)]].filter(([, value]) => value) }
      : { title: 'step.nothing' },
    { title: data.isNewUser ? 'step.created' : 'step.found', facts: [['userId', data.userId], ['phoneBound', String(data.phoneBound)]], ms },
  ]
}

export const when = seconds => (seconds ? new Date(seconds * 1000).toLocaleTimeString([], { hour12: false }) : undefined)

/** Sends the login and keeps the tokens. */
export async function send(run, device, body, options = {}) {
  const login = await device.send(run, 'step.login', 'POST', '/user/wxlogin', {
    body, token: null, inside: inside(body), facts: data => [['userId', data.userId], ['expiresIn', `${data.expiresIn} s`]], ...options,
  })
  if (login) device.keep(login)
  return login
}

/** The token as the phone or another backend can read it. */
export async function showToken(run, device) {
  const { token } = device.tokens
  const keys = await (await fetch(`${device.service}/.well-known/jwks.json`)).json()
  const { header, claims } = decode(token)
  const holds = await verify(token, keys)
  run.add({
    from: 'phone', to: 'phone', title: 'step.token', state: holds === false ? 'refused' : 'ok', got: { header, claims }, phone: device.number,
    facts: [['alg', header.alg], ['sub', claims.sub], ['sid', claims.sid], ['exp', when(claims.exp)], ['signature', `fact.signature.${holds}`]],
  })
}

/** What the service has stored about the user: its own export. */
export async function showStored(run, device) {
  const response = await fetch(`${device.service}/user/me/export`, { headers: { Authorization: `Bearer ${device.tokens.token}` } })
  const { data } = await response.json()
  const ended = data.sessions.filter(({ endedAt }) => endedAt).length
  run.add({
    from: 'service', to: 'service', title: 'step.stored', line: 'GET /user/me/export', got: data,
    facts: [
      ['users', [data.user.nickName, data.user.phone, data.user.userId].filter(Boolean).join(' · ')],
      ['identities', data.identities.map(({ appId, openId }) => `${appId} ${openId}`).join(', ')],
      ['sessions', String(data.sessions.length - ended)],
      ['session_key', 'fact.key.sealed'],
    ],
  })
}

/** The whole of it. */
export async function login(run, device, { profile, fresh } = {}) {
  const body = await credentials(run, device, profile, fresh)
  const answer = await send(run, device, body)
  await showStored(run, device)
  await showToken(run, device)
  run.end('ok', answer.isNewUser ? 'verdict.new' : 'verdict.known', { user: answer.nickName ?? device.user })
}
