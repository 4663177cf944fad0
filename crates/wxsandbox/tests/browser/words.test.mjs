// The page's modules that need no browser.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { near } from '../../src/page/device.js'
import { choose, find, speak, t } from '../../src/page/text.js'
import { decode, verify } from '../../src/page/token.js'
import { words } from '../../src/page/words.js'

const folder = new URL('../../src/page/', import.meta.url)
const sources = readdirSync(folder).filter(name => /\.(js|html)$/.test(name) && name !== 'words.js')
const all = sources.map(name => readFileSync(new URL(name, folder), 'utf8')).join('\n')

test('both languages have the same texts, with the same values', () => {
  const { en, zh } = words
  assert.deepEqual(Object.keys(zh), Object.keys(en))
  const values = text => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort()
  for (const key of Object.keys(en)) assert.deepEqual(values(zh[key]), values(en[key]), key)
})

test('every text that is named is there, and every text that is there is used', () => {
  const named = [...all.matchAll(/'((?:step|verdict|copy|reach|state|part|lane|fact\.key)\.[\w.]+)'/g)].map(([, key]) => key)
  named.push(...[...all.matchAll(/data-t(?:-label)?="([\w.]+)"/g)].map(([, key]) => key))
  assert.ok(named.length > 50)
  for (const key of named) assert.ok(words.en[key], key)
  // Those whose end is computed: flow.NAME, fault.NAME, error.ID, call.PATH, profile.KIND, fact.NAME.
  const computed = /^(flow|fault|error|call|profile|fact)\./
  for (const key of Object.keys(words.en)) assert.ok(computed.test(key) || key === 'title' || named.includes(key) || all.includes(`'${key}'`), `${key} is used nowhere`)
})

test('a language is chosen by what the browser wants', () => {
  assert.equal(choose(['zh-HK', 'en']), 'zh')
  assert.equal(choose(['fr', 'zh-CN']), 'zh')
  assert.equal(choose(['fr']), 'en')
  speak('zh')
  assert.equal(t('state.out', { user: 'alice' }), 'alice 未登录。')
  assert.equal(find('no.such.key'), undefined)
  speak('en')
})

test('the service is asked under the name of the page', () => {
  const page = hostname => ({ hostname })
  assert.equal(near('http://127.0.0.1:5000/', page('localhost')), 'http://localhost:5000')
  assert.equal(near('http://[::1]:5000', page('127.0.0.1')), 'http://127.0.0.1:5000')
  assert.equal(near('https://login.example.com/x/', page('127.0.0.1')), 'https://login.example.com/x')
})

test('a token is read, and its signature checked', async () => {
  for (const [alg, algorithm] of [['EdDSA', { name: 'Ed25519' }], ['ES256', { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }]]) {
    const { publicKey, privateKey } = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const key = { ...await crypto.subtle.exportKey('jwk', publicKey), kid: 'one' }
    const part = value => Buffer.from(JSON.stringify(value)).toString('base64url')
    const text = `${part({ alg, kid: 'one' })}.${part({ sub: '小明' })}`
    const signature = Buffer.from(await crypto.subtle.sign(algorithm, privateKey, Buffer.from(text))).toString('base64url')
    assert.equal(decode(`${text}.${signature}`).claims.sub, '小明')
    assert.equal(await verify(`${text}.${signature}`, { keys: [key] }), true)
    assert.equal(await verify(`${text.slice(0, -2)}AA.${signature}`, { keys: [key] }), false)
    assert.equal(await verify(`${text}.${signature}`, { keys: [] }), false)
  }
})
