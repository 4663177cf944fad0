// The sandbox's page in a real Chromium, against the real service.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { after, before, test } from 'node:test'
import { startService } from '../../../../clients/miniprogram/test/service.mjs'
import { launch, open, press } from './chromium.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
let running
let browser

before(async () => { [running, browser] = await Promise.all([startService({ WECHAT__TIMEOUT_MS: '1000' }), launch()]) })
after(async () => { await browser?.close(); await running?.stop() })

const titles = run => run.steps.map(({ title }) => title)
const statuses = run => run.steps.map(({ status }) => status).filter(Boolean)

test('one press shows a whole login', async () => {
  const { page, problems, hosts, close } = await open(browser, running.sandbox)
  const run = await press(page, 'login')
  assert.equal(run.state, 'ok', run.text)
  assert.deepEqual(titles(run), ['step.code', 'step.profile', 'step.login', 'call./sns/jscode2session', 'step.decrypt', 'step.created', 'step.answer', 'step.stored', 'step.token'])
  assert.match(run.steps.at(-1).text, /valid \(checked/)
  assert.match(run.steps.at(-2).text, /identities/)
  assert.match((await press(page, 'login')).verdict, /^爱丽丝 Alice is logged in /)
  assert.equal(await page.$eval('#status', status => status.textContent), 'Log in: 爱丽丝 Alice is logged in')
  assert.deepEqual(problems, [])
  assert.deepEqual([...hosts], ['127.0.0.1'])
  await close()
})

test('no secret is on the page, in what it loads or in what it keeps', async () => {
  const { page, close } = await open(browser, running.sandbox)
  const bodies = []
  page.on('response', async response => { bodies.push(await response.text().catch(() => '')) })
  await page.reload()
  await page.waitForSelector('#reach.good')
  const secrets = (await (await fetch(`${running.sandbox}/sandbox/apps`)).json()).map(({ secret }) => secret)
  assert.ok(secrets.every(secret => /^[0-9a-f]{32}$/.test(secret)))
  for (const flow of ['login', 'phone', 'steps', 'stale']) assert.equal((await press(page, flow)).state, 'ok', flow)
  await page.$eval('#log', log => { log.open = true })
  await page.waitForSelector('#calls tr')
  const seen = [await page.content(), ...bodies, await page.evaluate(() => JSON.stringify(localStorage))].join('\n')
  assert.ok(seen.includes('jscode2session') && bodies.length > 20)
  for (const secret of secrets) assert.ok(!seen.includes(secret))
  for (const [, key] of seen.matchAll(/session_key\\?"\s*:\s*\\?"([^"\\]*)/g)) assert.equal(key, '…')
  await close()
})

test('what a user does after the login', async () => {
  const { page, problems, close } = await open(browser, running.sandbox)
  await page.select('#who', 'bob')
  assert.equal(await page.$eval('[data-flow="phone"]', button => button.ariaDisabled), 'true')
  await press(page, 'login')
  assert.match((await press(page, 'phone')).verdict, /\+8613900139000 is bound/)
  const avatar = await press(page, 'avatar')
  assert.equal(avatar.state, 'ok', avatar.text)
  await page.waitForFunction(() => document.querySelector('.what img')?.naturalWidth === 132)
  for (const flow of ['nickname', 'steps', 'me', 'refresh', 'sessions', 'logout']) {
    const run = await press(page, flow)
    assert.equal(run.state, 'ok', `${flow}: ${run.text}`)
  }
  assert.match(await page.$eval('#state', state => state.textContent), /not logged in/)
  assert.deepEqual(problems, [])
  await close()
})

test('a stale session_key is refused with 409, and opened after a login', async () => {
  const { page, close } = await open(browser, running.sandbox)
  await press(page, 'login')
  const run = await press(page, 'stale')
  assert.equal(run.state, 'ok', run.text)
  assert.deepEqual(statuses(run), ['HTTP 409', 'HTTP 200', 'HTTP 200', 'HTTP 200'])
  assert.match(run.text, /session_key_stale/)
  await close()
})

test('a fault of WeChat is shown with what the service answered', async () => {
  const { page, close } = await open(browser, running.sandbox)
  for (const [fault, verdict] of [
    ['busy', /503 wechat_unavailable/], ['frequent', /429 rate_limited/], ['blocked', /403 user_blocked/], ['secret', /500 wechat_misconfigured/],
    ['hang', /504 wechat_timeout/], ['reset', /502|504|503/], ['html', /502 wechat_bad_answer/], ['half', /502 wechat_bad_answer/], ['openid', /502 wechat_bad_answer/],
  ]) {
    await page.select('#fault', fault)
    const run = await press(page, 'fault')
    assert.match(run.verdict, verdict, fault)
    assert.equal(run.state, 'refused')
  }
  assert.deepEqual(await (await fetch(`${running.sandbox}/sandbox/faults`)).json(), [])
  await close()
})

test('lost answers, a second phone, a copied refresh token', async () => {
  const { page, problems, close } = await open(browser, running.sandbox)
  await page.select('#who', 'carol')
  const lost = await press(page, 'lostLogin')
  assert.equal(lost.state, 'ok', lost.text)
  const refreshed = await press(page, 'lostRefresh')
  assert.equal(refreshed.state, 'ok', refreshed.text)
  assert.deepEqual(statuses(refreshed), ['HTTP 200', 'HTTP 200', 'HTTP 200'])
  assert.equal((await press(page, 'second')).state, 'ok')
  await press(page, 'login')
  const copied = await press(page, 'copied')
  assert.equal(copied.state, 'ok', copied.text)
  assert.match(copied.text, /refresh_reused/)
  // Chromium itself notes each answer of 400 and more.
  assert.ok(problems.every(problem => /status of 40[0-9]/.test(problem)), problems.join('\n'))
  await close()
})

test('a refresh whose answer the network loses keeps the session', async () => {
  const { page, close } = await open(browser, running.sandbox)
  await press(page, 'login')
  const cdp = await page.createCDPSession()
  await cdp.send('Fetch.enable', { patterns: [{ urlPattern: '*/user/refresh', requestStage: 'Response' }] })
  cdp.once('Fetch.requestPaused', ({ requestId }) => cdp.send('Fetch.failRequest', { requestId, errorReason: 'ConnectionReset' }))
  // The preflight may be the one that pauses first; so the loss is what the page says it is.
  const lost = await press(page, 'refresh')
  assert.equal(lost.state, 'lost', lost.text)
  await cdp.send('Fetch.disable')
  for (const flow of ['refresh', 'me']) assert.equal((await press(page, flow)).state, 'ok')
  await close()
})

test('it can be used by keyboard and by screen reader', async () => {
  for (const options of [{ dark: false }, { dark: true }, { language: 'zh-CN', width: 375 }]) {
    const { page, close } = await open(browser, running.sandbox, options)
    await page.focus('#profile')
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement.dataset.flow), 'login')
    await page.keyboard.press('Enter')
    await page.waitForSelector('[data-run="1"][data-state="ok"]')
    assert.equal(await page.evaluate(() => document.activeElement.dataset.flow), 'login', 'the focus stays')
    await press(page, 'stale')
    await page.$$eval('details', all => { for (const details of all) details.open = true })
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'] }))
    assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html).slice(0, 3)]), [])
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'nothing is wider than the window')
    await close()
  }
})

test('the language and the colours are kept', async () => {
  const { page, close } = await open(browser, running.sandbox)
  await press(page, 'login')
  await page.select('#language', 'zh')
  await page.select('#theme', 'dark')
  assert.match(await page.$eval('[data-run="1"] .verdict', verdict => verdict.textContent), /已登录/)
  await page.reload()
  await page.waitForSelector('#reach.good')
  assert.equal(await page.$eval('html', html => `${html.lang} ${html.dataset.theme}`), 'zh-CN dark')
  await close()
})
