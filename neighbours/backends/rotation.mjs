// Verifies tokens with jose as docs/backends.md sets it up: one token per line in, one result per line out.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createRemoteJWKSet, jwtVerify } from 'jose'

const [jwksUri, issuer, audience] = process.argv.slice(2)
const keys = createRemoteJWKSet(new URL(jwksUri))
const { version } = JSON.parse(readFileSync(new URL('node_modules/jose/package.json', import.meta.url)))
console.log(version)
for await (const token of createInterface({ input: process.stdin })) {
  try {
    console.log((await jwtVerify(token, keys, { issuer, audience, algorithms: ['EdDSA'] })).payload.sub)
  } catch (error) {
    console.log(`refused: ${error.code ?? ''} ${error.message}`)
  }
}
