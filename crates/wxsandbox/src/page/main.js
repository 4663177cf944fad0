/** Puts the page together. */

import * as controls from './controls.js'
import { Device, near, sandbox } from './device.js'
import { byId, el } from './dom.js'
import * as flows from './flows.js'
import { login, showToken, when } from './login.js'
import { Lost, Refusal, Run } from './run.js'
import { choose, find, languages, speak, spoken, t, translate } from './text.js'
import * as trouble from './trouble.js'
import { callRows, runView } from './view.js'

const RUNS = 20
const work = {
  ...flows,
  ...trouble,
  login: (run, device) => login(run, device, { profile: byId('profile').value }),
  refresh: async (run, device) => { await flows.refresh(run, device); await showToken(run, device) },
  fault: (run, device) => trouble.fault(run, device, byId('fault').value),
}
const runs = []
const folded = new Set()
let start = { apps: [], users: [] }
let device
let busy = false

const stored = { get: name => { try { return localStorage.getItem(name) } catch { return null } }, set: (name, value) => { try { localStorage.setItem(name, value) } catch { /* private mode */ } } }

/** The phone of the chosen user with the chosen app; another choice is another phone. */
function phone() {
  const [user, appId, service] = [byId('who').value, byId('app').value, byId('service').value.trim()]
  const address = service && near(service, location)
  if (!device || device.user !== user || device.appId !== appId || device.service !== address) device = new Device(address, user, appId)
  return device
}

async function press(name) {
  if (busy || !controls.mayPress(name)) return
  busy = true
  const run = new Run(`flow.${name}`, changed)
  run.id = runs.length + 1
  const last = runs.at(-1)
  runs.push(run)
  if (last && !folded.has(last.id)) { folded.add(last.id); changed(last) }
  if (runs.length > RUNS) byId('runs').querySelector(`[data-run="${runs.length - RUNS}"]`)?.remove()
  showState()
  byId('status').textContent = t('verdict.running')
  try {
    await work[name](run, phone())
  } catch (error) {
    if (error instanceof Refusal) run.end('refused', 'verdict.refused', { status: error.status, error: error.error })
    else if (error instanceof Lost) run.end('lost', 'verdict.silence', { service: phone().service })
    else run.end('lost', 'verdict.failed', { message: error.message })
    if (/^(session_revoked|refresh_|token_invalid)/.test(error.error)) device.tokens = undefined
  }
  busy = false
  showState()
  // On a narrow window the result is below the buttons.
  byId('runs').firstElementChild.scrollIntoView({ block: 'nearest' })
  byId('status').textContent = `${t(run.name)}: ${t(...run.verdict)}`
}

function changed(run) {
  const view = runView(run, {
    open: !folded.has(run.id),
    toggle: () => { if (!folded.delete(run.id)) folded.add(run.id); changed(run); byId('runs').querySelector(`[data-run="${run.id}"] .fold`).focus() },
    copy: text => navigator.clipboard.writeText(text).then(() => { byId('status').textContent = t('copy.done') }, () => { byId('status').textContent = t('copy.failed') }),
  })
  const shown = byId('runs').querySelector(`[data-run="${run.id}"]`)
  if (shown) shown.replaceWith(view)
  else byId('runs').prepend(view)
  byId('empty').hidden = true
}

function showState() {
  const { tokens, user, service } = phone()
  controls.show({ busy, loggedIn: Boolean(tokens) })
  byId('state').textContent = tokens ? t('state.in', { user, until: when(tokens.until / 1000) }) : t('state.out', { user })
  byId('docs').href = service ? `${service}/docs` : ''
  byId('docs').hidden = !service
}

function showAll() {
  document.documentElement.lang = spoken() === 'zh' ? 'zh-CN' : 'en'
  document.title = t('title')
  translate(document)
  controls.choices({ ...start, faults: Object.keys(trouble.faults) })
  runs.slice(-RUNS).forEach(changed)
  showState()
}

async function reach() {
  const { service } = phone()
  const answers = service && await fetch(`${service}/.well-known/jwks.json`).then(({ ok }) => ok, () => false)
  byId('reach').textContent = service ? t(answers ? 'reach.yes' : 'reach.no') : t('reach.unknown')
  byId('reach').className = answers ? 'good' : 'bad'
}

/** While it is open, the log of calls is read again every second. */
async function follow() {
  if (!byId('log').open) return
  if (!document.hidden) byId('calls').replaceChildren(...callRows(await sandbox('/sandbox/calls').catch(() => [])))
  setTimeout(follow, 1000)
}

function language(tag) {
  speak(tag)
  stored.set('language', tag)
  byId('language').value = tag
  showAll()
  reach()
}

function theme(name) {
  document.documentElement.dataset.theme = name
  stored.set('theme', name)
  byId('theme').value = name
}

async function begin() {
  byId('language').replaceChildren(...languages.map(tag => el('option', { value: tag, lang: tag }, { zh: '中文', en: 'English' }[tag])))
  controls.buttons(press)
  start = await sandbox('/page/start.json')
  byId('service').value = start.service ? near(start.service, location) : ''
  theme(stored.get('theme') ?? 'auto')
  language(stored.get('language') ?? choose(navigator.languages))
  for (const button of document.querySelectorAll('[data-flow]:not(li > button)')) button.addEventListener('click', () => press(button.dataset.flow))
  for (const id of ['who', 'app']) byId(id).addEventListener('change', showState)
  byId('service').addEventListener('change', () => { showState(); reach() })
  byId('language').addEventListener('change', () => language(byId('language').value))
  byId('theme').addEventListener('change', () => theme(byId('theme').value))
  byId('log').addEventListener('toggle', follow)
  document.body.dataset.ready = 'true'
}

begin().catch(error => { byId('status').textContent = `${find('verdict.failed') ?? ''} ${error.message}` })
