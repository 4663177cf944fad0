// Signs with the npm library: reads [[id, timestamp, body], …] from stdin, writes the signatures.
import { readFileSync } from 'node:fs'
import { Webhook } from 'standardwebhooks'

const webhook = new Webhook(process.env.HOOK_SECRET)
const messages = JSON.parse(readFileSync(0, 'utf8'))
console.log(JSON.stringify(messages.map(([id, at, body]) => webhook.sign(id, new Date(at * 1000), body))))
