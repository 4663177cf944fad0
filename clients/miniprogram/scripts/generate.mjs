// The types of the service's OpenAPI document, as far as the client uses them. WXLOGIN names the
// program; default: the workspace's.
import { execFileSync } from 'node:child_process'
import openapiTS, { astToString } from 'openapi-typescript'
import { program } from './program.mjs'

const used = ['LoginReply', 'UserReply', 'EditBody', 'UserInfoMapBody']

/** The text of src/api.ts. */
export async function generated() {
  const { openapi, info, components } = JSON.parse(execFileSync(program, ['openapi'], { encoding: 'utf8', maxBuffer: 1 << 24 }))
  const schemas = {}
  const add = name => {
    if (schemas[name]) return
    schemas[name] = components.schemas[name]
    if (!schemas[name]) throw new Error(`the OpenAPI document has no schema ${name}`)
    for (const [, other] of JSON.stringify(schemas[name]).matchAll(/#\/components\/schemas\/(\w+)/g)) add(other)
  }
  used.forEach(add)
  const types = astToString(await openapiTS({ openapi, info, paths: {}, components: { schemas } }, { defaultNonNullable: false }))
  return `// Made by \`npm run types\` from the service's OpenAPI document. Do not edit.\n\n${types}`
}
