// What the command line built has the pages and the client. (The client runs on Taro's own runtime in
// clients/miniprogram/test/frameworks.test.mjs.)
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

const built = new URL('../dist/', import.meta.url)

test('each page is there, and the client is in the bundle', () => {
  const { pages } = JSON.parse(readFileSync(new URL('app.json', built), 'utf8'))
  assert.equal(pages.length, 3)
  for (const page of pages) for (const type of ['js', 'json', 'wxml']) assert.ok(existsSync(new URL(`${page}.${type}`, built)), `${page}.${type}`)
  const scripts = readdirSync(built).filter(name => name.endsWith('.js'))
  for (const name of scripts) execFileSync('node', ['--check', new URL(name, built).pathname])
  const code = scripts.map(name => readFileSync(new URL(name, built), 'utf8')).join('\n')
  for (const part of ['/user/wxlogin', '/user/refresh', '/user/avatar']) assert.ok(code.includes(part), part)
})
