/** The left side: who, which app, and what to press. */

import { byId, el } from './dom.js'
import { t } from './text.js'

/** Buttons by group: name of the flow, and whether it needs a session. */
export const groups = {
  user: [['phone', true], ['avatar', true], ['nickname', true], ['steps', true], ['me', true], ['refresh', true], ['sessions', true], ['logout', true]],
  trouble: [['stale', true], ['second', true], ['lostLogin', false], ['lostRefresh', true], ['copied', true]],
}

/** Makes the buttons; `press` gets the name of a flow. */
export function buttons(press) {
  for (const [group, flows] of Object.entries(groups)) {
    byId(group).replaceChildren(...flows.map(([name, needsSession]) => el('li', {}, el('button', { type: 'button', 'data-flow': name, 'data-session': String(needsSession), 'aria-describedby': needsSession ? 'state' : undefined, onclick: () => press(name) }))))
  }
}

/** Fills the selects; what was chosen stays. */
export function choices({ apps, users, faults }) {
  fill('who', users.map(({ name, nick_name }) => [name, nick_name && nick_name !== name ? `${name} · ${nick_name}` : name]))
  fill('app', apps.map(({ app_id, name }) => [app_id, name ? `${name} · ${app_id}` : app_id]))
  fill('profile', ['user_info', 'anonymous', ''].map(kind => [kind, t(`profile.${kind || 'none'}`)]))
  fill('fault', faults.map(name => [name, t(`fault.${name}`)]))
}

function fill(id, entries) {
  const select = byId(id)
  const value = select.length > 0 ? select.value : undefined
  select.replaceChildren(...entries.map(([value, text]) => new Option(text, value)))
  if (entries.some(([known]) => known === value)) select.value = value
}

/** Names the buttons, and says which can be pressed. */
export function show({ busy, loggedIn }) {
  for (const button of document.querySelectorAll('[data-flow]')) {
    button.textContent = t(`flow.${button.dataset.flow}`)
    // Not `disabled`: the button with the focus would lose it while it works.
    button.setAttribute('aria-disabled', String(busy || (button.dataset.session === 'true' && !loggedIn)))
  }
}

export const mayPress = name => document.querySelector(`[data-flow="${name}"]`).getAttribute('aria-disabled') !== 'true'
