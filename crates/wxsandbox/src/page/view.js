/** Shows runs: each as a sequence of steps between phone, service and WeChat. */

import { el, pretty } from './dom.js'
import { find, t } from './text.js'

const ms = time => (time === undefined ? '' : `${time < 10 ? time.toFixed(1) : Math.round(time)} ms`)

/** A run. `open` says whether its steps are shown. */
export function runView(run, { open, toggle, copy }) {
  const id = `run-${run.id}`
  const title = el('h3', { id: `${id}-title` }, el('button', { type: 'button', className: 'fold', 'aria-expanded': String(open), 'aria-controls': `${id}-steps`, onclick: toggle }, t(run.name)))
  const verdict = el('p', { className: `verdict ${run.state}` }, t(...run.verdict), run.ms === undefined ? '' : el('span', { className: 'ms' }, ` ${ms(run.ms)}`))
  const steps = el('ol', { id: `${id}-steps`, className: 'steps', hidden: !open }, run.steps.map(step => stepView(step, copy)))
  return el('article', { className: 'run', 'aria-labelledby': `${id}-title`, 'data-run': run.id, 'data-state': run.state }, el('header', {}, title, verdict), steps)
}

function stepView(step, copy) {
  const { from, to, both, state } = step
  const title = el('p', { className: 'title' },
    el('span', { className: 'way' }, way(step)), ' ',
    el('strong', {}, find(step.title) ?? t('call.other')),
    step.status === undefined ? '' : el('span', { className: 'status' }, `HTTP ${step.status}`),
    el('span', { className: 'ms' }, ms(step.ms)))
  const what = el('div', { className: 'what' }, title,
    step.line ? el('code', { className: 'line' }, step.line) : '',
    facts(step),
    step.picture ? el('img', { src: step.picture, alt: t('step.picture'), width: 66, height: 66 }) : '',
    details(step, copy))
  const arrow = from === to ? `self ${from}` : `${[from, to].sort().join('-')} ${both ? 'both' : rank(from) < rank(to) ? 'there' : 'back'}`
  return el('li', { className: `step ${state}`, 'data-title': step.title }, el('div', { className: 'lanes', 'aria-hidden': 'true' }, el('i', { className: `arrow ${arrow}` })), what)
}

const rank = lane => ['phone', 'service', 'wechat'].indexOf(lane)

function way({ from, to, both, phone }) {
  const name = lane => (lane === 'phone' && phone === 2 ? t('lane.second') : t(`lane.${lane}`))
  return from === to ? name(from) : `${name(from)} ${both ? '⇄' : '→'} ${name(to)}`
}

function facts({ facts, error }) {
  const rows = facts.map(([name, value]) => [el('dt', {}, find(`fact.${name}`) ?? name), el('dd', {}, find(value) ?? value)])
  const advice = error && find(`error.${error}`)
  return [rows.length ? el('dl', { className: 'facts' }, rows.flat()) : '', advice ? el('p', { className: 'advice' }, advice) : '']
}

function details({ sent, got, curl }, copy) {
  const part = (name, value) => (value === undefined || value === '' ? '' : el('details', {}, el('summary', {}, t(name)), el('pre', { tabIndex: 0, role: 'group', 'aria-label': t(name) }, pretty(value))))
  const button = curl ? el('button', { type: 'button', className: 'small', onclick: () => copy(curl) }, t('copy.curl')) : ''
  const parts = [part('part.sent', sent), part('part.got', got), button].filter(Boolean)
  return parts.length ? el('div', { className: 'parts' }, parts) : ''
}

/** The calls that the sandbox got from anybody, the newest first. */
export function callRows(calls) {
  return calls.slice(-30).reverse().map(call => {
    const query = call.query.map(([name, value]) => `${name}=${value}`).join('&')
    const bad = call.errcode !== 0 || call.faults.length > 0
    return el('tr', { className: bad ? 'refused' : '' },
      el('td', {}, new Date(call.at_ms).toLocaleTimeString([], { hour12: false })),
      el('td', {}, el('code', {}, `${call.method} ${call.path}${query ? `?${query}` : ''}`)),
      el('td', {}, call.errcode === 0 ? 'ok' : String(call.errcode), call.faults.length ? ` (${call.faults.join(', ')})` : ''),
      el('td', {}, ms(call.took_us / 1000)))
  })
}
