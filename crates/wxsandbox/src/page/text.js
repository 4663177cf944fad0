/** The language of the page. */

import { words } from './words.js'

let language = 'en'

export const languages = Object.keys(words)

/** The first of `wanted` (as `navigator.languages`) that there is. */
export function choose(wanted) {
  const short = wanted.map(tag => tag.toLowerCase().split('-')[0])
  return short.find(tag => languages.includes(tag)) ?? 'en'
}

export function speak(tag) {
  language = languages.includes(tag) ? tag : 'en'
}

export const spoken = () => language

/** The text of a key, with `{name}` filled in; `undefined` if there is none. */
export function find(key, values = {}) {
  return words[language][key]?.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''))
}

/** The text of a key; the key itself if there is none. */
export const t = (key, values) => find(key, values) ?? key

/** Fills in the elements with `data-t` (their text) and `data-t-label` (their `aria-label`). */
export function translate(root) {
  for (const element of root.querySelectorAll('[data-t]')) element.textContent = t(element.dataset.t)
  for (const element of root.querySelectorAll('[data-t-label]')) element.setAttribute('aria-label', t(element.dataset.tLabel))
}
