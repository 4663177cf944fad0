// Size and cost, as figures. The sizes are bounds; times are printed only.
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import { buildSync } from 'esbuild'

const { createClient } = createRequire(import.meta.url)('@wxlogin/miniprogram')

/** Bytes of an entry with all it needs, minified and gzipped. */
function size(entry) {
  const { outputFiles } = buildSync({ entryPoints: [`src/${entry}.ts`], bundle: true, minify: true, format: 'esm', target: 'es2018', write: false })
  return gzipSync(outputFiles[0].contents, { level: 9 }).length
}

test('the core has at most 3 kB, with an adapter 3.5 kB', t => {
  const sizes = Object.fromEntries(['core', 'index', 'uni', 'taro'].map(entry => [entry, size(entry)]))
  t.diagnostic(`bytes minified and gzipped: ${JSON.stringify(sizes)}`)
  assert.ok(sizes.core <= 3000, `core: ${sizes.core}`)
  for (const entry of ['index', 'uni', 'taro']) assert.ok(sizes[entry] <= 3500, `${entry}: ${sizes[entry]}`)
})

test('what a request costs', async t => {
  const kept = new Map()
  globalThis.wx = {
    request: ({ success }) => { setImmediate(success, { statusCode: 200, data: { data: { token: 't', refreshToken: 'r' } }, header: {} }) },
    login: ({ success }) => success({ code: 'c' }),
    getStorageSync: name => kept.get(name) ?? '',
    setStorageSync: (name, value) => { kept.set(name, value) },
  }
  const client = createClient({ baseUrl: 'https://login.example.com' })
  const bare = () => new Promise((success, fail) => { globalThis.wx.request({ url: 'https://login.example.com/user/me', success, fail }) })
  const median = async work => {
    const times = []
    for (let i = 0; i < 10_000; i += 1) {
      const start = performance.now()
      await work()
      times.push(performance.now() - start)
    }
    return times.sort((a, b) => a - b)[5_000]
  }
  await client.me()
  const [without, through] = [await median(bare), await median(() => client.request({ url: '/user/me' }))]
  t.diagnostic(`median of 10 000: wx.request ${without.toFixed(4)} ms, through the client ${through.toFixed(4)} ms, ${(through - without).toFixed(4)} ms more`)
})
