// For the tests: a proxy in front of the shop that can hold back a message, or the response to it.
import { once } from 'node:events'
import { createServer, request } from 'node:http'

/** `hold` is `request`, `answer` or undefined. */
export async function openGate(shopPort) {
  const gate = { hold: undefined, held: undefined, release: undefined }

  /** Holds back the next message there: `reached` resolves when it is held, `open` lets it continue. */
  gate.close = hold => {
    gate.hold = hold
    gate.reached = new Promise(resolve => { gate.reach = resolve })
    gate.opened = new Promise(resolve => { gate.open = () => { gate.hold = undefined; resolve() } })
  }

  async function pass(place) {
    if (gate.hold !== place) return
    gate.reach()
    await gate.opened
  }

  const server = createServer(async (incoming, outgoing) => {
    const chunks = []
    try {
      for await (const chunk of incoming) chunks.push(chunk)
      await pass('request')
      const { url: path, method, headers } = incoming
      const onward = request({ host: '127.0.0.1', port: shopPort, path, method, headers, agent: false }).end(Buffer.concat(chunks))
      const [answer] = await once(onward, 'response')
      const body = []
      for await (const chunk of answer) body.push(chunk)
      await pass('answer')
      outgoing.writeHead(answer.statusCode, { 'content-type': 'application/json' }).end(Buffer.concat(body))
    } catch {
      outgoing.destroy() // the shop or the service is gone
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  gate.port = server.address().port
  gate.end = () => { server.close(); server.closeAllConnections() }
  return gate
}
