// Avatars in S3: stored with their headers, shown, replaced, removed; and what happens while S3 is away.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { startService } from '../../../../clients/miniprogram/test/service.mjs'

const picture = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
let s3
let running

before(async () => {
  s3 = await startS3()
  Object.assign(process.env, { AWS_ENDPOINT_URL: s3.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' })
  running = await startService({ AVATARS__URL: 's3://pictures/users' })
})
after(async () => { await running?.stop(); s3?.stop() })

/** moto with a bucket. */
async function startS3() {
  const port = await new Promise(resolve => { const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)) }) })
  const url = `http://127.0.0.1:${port}`
  const child = spawn(process.env.MOTO_SERVER, ['-H', '127.0.0.1', '-p', String(port)], { stdio: 'ignore' })
  for (let tries = 0; tries < 200; tries += 1) {
    if (await fetch(`${url}/pictures`, { method: 'PUT' }).then(({ ok }) => ok, () => false)) return { url, stop: () => child.kill() }
    await new Promise(resolve => setTimeout(resolve, 100))
  }
  throw new Error('moto does not answer')
}

/** What the bucket holds. */
async function keys() {
  const list = await (await fetch(`${s3.url}/pictures?list-type=2`)).text()
  return [...list.matchAll(/<Key>([^<]*)/g)].map(([, key]) => key)
}

async function logIn(user) {
  const code = await (await fetch(`${running.sandbox}/phone/${user}/login?format=text`)).text()
  const answer = await fetch(`${running.service}/user/wxlogin`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ platCode: code }) })
  return (await answer.json()).data.token
}

async function upload(token) {
  const form = new FormData()
  form.append('file', new Blob([picture]), 'tmp.png')
  const answer = await fetch(`${running.service}/user/avatar`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: form })
  return { status: answer.status, ...await answer.json() }
}

const until = async condition => { while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 50)) }

test('a picture is in the bucket, with its type and its caching, and is shown from there', async () => {
  const { status, data } = await upload(await logIn('alice'))
  assert.equal(status, 200)
  const [key] = await keys()
  assert.match(key, /^users\/[0-9a-f]{32}\.png$/)
  // moto requires a key id for a private object, and does not check the signature.
  const authorization = 'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0'
  const stored = await fetch(`${s3.url}/pictures/${key}`, { headers: { authorization } })
  assert.equal(stored.headers.get('content-type'), 'image/png')
  assert.match(stored.headers.get('cache-control'), /immutable/)
  const shown = await fetch(data.avatarUrl)
  assert.equal(shown.status, 200)
  assert.deepEqual(Buffer.from(await shown.arrayBuffer()), Buffer.from(await stored.arrayBuffer()))
})

test('a new picture takes the old one out of the bucket, and so does the end of the account', async () => {
  const token = await logIn('alice')
  const [old] = await keys()
  assert.equal((await upload(token)).status, 200)
  await until(async () => !(await keys()).includes(old))
  assert.equal((await keys()).length, 1)
  const deleted = await fetch(`${running.service}/user/me`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } })
  assert.equal(deleted.status, 200)
  await until(async () => (await keys()).length === 0)
})

test('while S3 is away an upload is a 503 and everything else works', async () => {
  const token = await logIn('bob')
  s3.stop()
  const { status, error } = await upload(token)
  assert.equal(`${status} ${error}`, '503 storage_unavailable')
  const me = await fetch(`${running.service}/user/me`, { headers: { authorization: `Bearer ${token}` } })
  assert.equal((await me.json()).data.avatarUrl, undefined)
})
