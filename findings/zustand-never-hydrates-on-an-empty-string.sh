#!/usr/bin/env bash
# zustand 5.1.0 (npm), `persist` over the storage of a mini program: on the first start the store never
# becomes hydrated.
#
# Guess: a key that is not stored means the initial state, and hydration ends, as with localStorage.
# Seen:  wx.getStorageSync returns '' for such a key (localStorage null). createJSONStorage parses it, and
#   the SyntaxError goes to onRehydrateStorage only: hasHydrated() stays false and onFinishHydration is not
#   called. Once something has been stored, all is well, so it fails on new phones only.
# Here:  a page that waits for hydration before it logs in waits forever. `getItem` must return
#   `wx.getStorageSync(key) || null`.
set -euo pipefail
folder=$(mktemp -d); trap 'rm -rf "$folder"' EXIT; cd "$folder"
npm init -y > /dev/null && npm install --silent --no-audit --no-fund zustand@5.1.0
cat > run.mjs <<'JS'
import { createStore } from 'zustand/vanilla'
import { createJSONStorage, persist } from 'zustand/middleware'
import { setTimeout as pause } from 'node:timers/promises'
const stored = new Map()
async function start(absent) {
  const storage = createJSONStorage(() => ({
    getItem: key => stored.get(key) ?? absent, setItem: (key, value) => void stored.set(key, value), removeItem: key => void stored.delete(key) }))
  let error = null
  const store = createStore(persist(() => ({ refreshToken: null }), {
    name: 'login', storage, onRehydrateStorage: () => (_, failure) => { error = failure?.name ?? null } }))
  await pause(50)
  return [store, { hydrated: store.persist.hasHydrated(), error, token: store.getState().refreshToken }]
}
const seen = {}
seen.likeLocalStorage = (await start(null))[1]
const [store, first] = await start('')
seen.firstStart = first
store.setState({ refreshToken: 'r1' })
seen.secondStart = (await start(''))[1]
console.log(JSON.stringify(seen, null, 1))
JS
node run.mjs | tee seen
diff seen - <<'TEXT'
{
 "likeLocalStorage": {
  "hydrated": true,
  "error": null,
  "token": null
 },
 "firstStart": {
  "hydrated": false,
  "error": "SyntaxError",
  "token": null
 },
 "secondStart": {
  "hydrated": true,
  "error": null,
  "token": "r1"
 }
}
TEXT
