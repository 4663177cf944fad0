// Introspects a token with openid-client, twice each way: before the session ends and after.
import { readFileSync } from 'node:fs'
import * as client from 'openid-client'

const { issuer, name, key, token, service } = JSON.parse(readFileSync(0))
const ways = { basic: client.ClientSecretBasic(key), post: client.ClientSecretPost(key) }
const ask = async () => {
  const answers = {}
  for (const [way, secret] of Object.entries(ways)) {
    const configuration = await client.discovery(new URL(issuer), name, key, secret)
    const { active, sub } = await client.tokenIntrospection(configuration, token)
    answers[way] = active ? sub : 'not active'
  }
  return answers
}
const before = await ask()
await fetch(`${service}/user/logout`, { method: 'POST', headers: { authorization: `Bearer ${token}` } })
const manifest = JSON.parse(readFileSync(new URL('node_modules/openid-client/package.json', import.meta.url)))
console.log(JSON.stringify({ version: manifest.version, before, after: await ask() }))
