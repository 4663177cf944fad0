/** What a user does after the login. Each takes the run it tells in, and the phone. */

import { drawn } from './picture.js'

export async function phone(run, device) {
  const { code } = await device.wx(run, 'step.phone', 'phone-number', {}, ({ code }) => [['code', code]])
  const user = await device.asUser(run, 'step.bind', 'POST', '/user/phone', { body: { code }, facts: ({ phone }) => [['phone', phone]] })
  run.end('ok', 'verdict.phone', { phone: user.phone })
}

export async function avatar(run, device) {
  const file = await drawn(device.user)
  run.add({ from: 'phone', to: 'phone', title: 'step.avatar', facts: [['file', `${file.size} bytes`]], phone: device.number })
  const form = new FormData()
  form.append('avatar', file, 'tmp_avatar.png')
  const user = await device.asUser(run, 'step.upload', 'POST', '/user/avatar', { form, facts: ({ avatarUrl }) => [['avatarUrl', avatarUrl]] })
  run.add({ from: 'service', to: 'phone', title: 'step.picture', line: `GET ${new URL(user.avatarUrl).pathname}`, picture: user.avatarUrl, phone: device.number })
  run.end('ok', 'verdict.avatar')
}

export async function nickname(run, device) {
  const nickName = `${device.user} ${new Date().toLocaleTimeString([], { hour12: false })}`
  const user = await device.asUser(run, 'step.nickname', 'POST', '/user/me', { body: { nickName }, facts: data => [['nickName', data.nickName]] })
  run.end('ok', 'verdict.nickname', { name: user.nickName })
}

export async function steps(run, device) {
  const { encryptedData, iv } = await device.wx(run, 'step.run', 'we-run-data')
  const { stepInfoList } = await device.asUser(run, 'step.open', 'POST', '/user/opendata', { body: { encryptedData, iv }, facts: data => [['stepInfoList', `${data.stepInfoList.length}`]] })
  run.end('ok', 'verdict.steps', { steps: stepInfoList.at(-1).step })
}

export async function me(run, device) {
  const user = await device.asUser(run, 'step.me', 'GET', '/user/me', { facts: data => [['nickName', data.nickName], ['phone', data.phone]].filter(([, value]) => value) })
  run.end('ok', 'verdict.me', { user: user.nickName ?? user.userId })
}

export async function refresh(run, device) {
  await device.refresh(run)
  run.end('ok', 'verdict.refreshed')
}

export async function sessions(run, device) {
  const { items } = await device.asUser(run, 'step.sessions', 'GET', '/user/sessions', { facts: data => [['items', `${data.items.length}`]] })
  run.end('ok', 'verdict.sessions', { count: items.length })
}

export async function logout(run, device) {
  await device.asUser(run, 'step.logout', 'POST', '/user/logout', { body: {} })
  device.tokens = undefined
  run.end('ok', 'verdict.out')
}
