// The types are those of the service that this was built with.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generated } from '../scripts/generate.mjs'

test('src/api.ts is what `npm run types` writes', async () => {
  const written = readFileSync(new URL('../src/api.ts', import.meta.url), 'utf8')
  assert.ok(written === (await generated()), 'the OpenAPI document has changed: npm run types')
})
