#!/usr/bin/env bash
# pinia-plugin-persistedstate 4.7.1 (npm, with pinia 3 and vue 3): a write that fails is not reported.
#
# Guess: an exception of `storage.setItem` (wx.setStorageSync throws when the storage of 10 MB is full)
#   reaches the caller, Vue's errorHandler or the console, and zustand does the same.
# Seen:  the plugin drops it unless `debug` is set: the store in memory has the new refresh token, the
#   storage keeps the old one, and neither errorHandler nor the console hears of it. In zustand
#   setState throws.
# Here:  after a refresh whose pair was not stored, the next start presents a refresh token that has been
#   followed by a used one, and the session ends (refresh_reused). Set `debug`, or write the pair
#   with wx.setStorageSync before it is used.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund pinia-plugin-persistedstate@4.7.1 pinia@3.0.4 vue@3.5.25 zustand@5.1.0
cat > run.cjs <<'JS'
const { createApp, nextTick } = require('vue')
const { createPinia, defineStore } = require('pinia')
const { createPersistedState } = require('pinia-plugin-persistedstate')
const { createStore } = require('zustand/vanilla')
const { createJSONStorage, persist } = require('zustand/middleware')
const heard = []
for (const level of ['log', 'warn', 'error']) console[level] = () => heard.push(`console.${level}`)
const stored = new Map()
let full = false
const storage = {
  getItem: key => stored.get(key) ?? null,
  setItem: (key, value) => { if (full) throw new Error('exceed storage max size'); stored.set(key, value) },
  removeItem: key => void stored.delete(key) }
async function inPinia(debug) {
  full = false; heard.length = 0
  const app = createApp({}), pinia = createPinia().use(createPersistedState({ storage, debug }))
  app.config.errorHandler = () => heard.push('errorHandler')
  app.use(pinia)
  const store = defineStore(`login-${debug}`, { state: () => ({ refreshToken: 'r0' }), persist: true })(pinia)
  store.refreshToken = 'r1'; await nextTick()
  full = true; let thrown = false
  try { store.refreshToken = 'r2'; await nextTick() } catch { thrown = true }
  return { memory: store.refreshToken, stored: JSON.parse(stored.get(`login-${debug}`)).refreshToken, thrown, heard: [...heard] }
}
function inZustand() {
  full = false
  const store = createStore(persist(() => ({ refreshToken: 'r1' }), { name: 'zustand', storage: createJSONStorage(() => storage) }))
  full = true
  try { store.setState({ refreshToken: 'r2' }); return { thrown: false } } catch { return { thrown: true } }
}
process.on('unhandledRejection', () => heard.push('unhandledRejection'))
;(async () => {
  for (const [name, seen] of [['pinia', await inPinia(false)], ['pinia, debug', await inPinia(true)], ['zustand', inZustand()]])
    process.stdout.write(`${name}: ${JSON.stringify(seen)}\n`)
})()
JS
node run.cjs | tee seen
diff seen - <<'TEXT'
pinia: {"memory":"r2","stored":"r1","thrown":false,"heard":[]}
pinia, debug: {"memory":"r2","stored":"r1","thrown":false,"heard":["console.error"]}
zustand: {"thrown":true}
TEXT
