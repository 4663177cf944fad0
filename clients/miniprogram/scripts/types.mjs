// Writes src/api.ts, the types of the service's OpenAPI document, which WXLOGIN prints.
import { writeFileSync } from 'node:fs'
import { generated } from './generate.mjs'

writeFileSync('src/api.ts', await generated())
