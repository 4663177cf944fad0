// A shop for virtual goods. wxlogin signs its orders and passes WeChat's payment results on to it.
import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { Webhook } from 'standardwebhooks'
import { openJournal } from './journal.mjs'

const { WXLOGIN, SIGN_KEY, HOOK_SECRET, OFFER_ID, PAY_APP_KEY } = process.env
const { PAY_ENV = '1', JOURNAL = './shop.jsonl', HOST = '127.0.0.1', PORT = '8080' } = process.env
for (const name of ['WXLOGIN', 'SIGN_KEY', 'HOOK_SECRET', 'OFFER_ID', 'PAY_APP_KEY']) {
  if (!process.env[name]) throw new Error(`${name} is not set`)
}
const prices = { gems_100: 600, gems_500: 2800 } // in fen, as in WeChat's console
const webhook = new Webhook(HOOK_SECRET)

class Refusal extends Error {
  constructor(status, error) {
    super(error)
    this.status = status
  }
}

// What the journal says: the orders, the messages that were received, the goods that were delivered.
const orders = new Map()
const received = new Set()
const append = openJournal(JOURNAL, record => {
  if (record.order) orders.set(record.order.outTradeNo, { ...record.order, delivered: false })
  if (record.message) received.add(record.message)
  if (record.delivered) orders.get(record.delivered).delivered = true
})

/** The user whose access token the phone sends. */
async function userOf(authorization = '') {
  const answer = await fetch(`${WXLOGIN}/auth/verify`, { headers: { authorization } })
  if (!answer.ok) throw new Refusal(answer.status === 401 ? 401 : 503, 'not_logged_in')
  return { userId: answer.headers.get('x-user-id'), appId: answer.headers.get('x-app-id') }
}

/** Makes an order; the answer is what `wx.requestVirtualPayment` takes. */
async function order(request, body) {
  const { userId, appId } = await userOf(request.headers.authorization)
  const { productId } = parse(body)
  if (!Object.hasOwn(prices, productId)) throw new Refusal(400, 'unknown_product')
  const outTradeNo = randomUUID().replaceAll('-', '')
  const terms = { productId, goodsPrice: prices[productId], outTradeNo }
  const signData = JSON.stringify({ offerId: OFFER_ID, buyQuantity: 1, env: Number(PAY_ENV), currencyType: 'CNY', ...terms, attach: '' })

  const answer = await fetch(`${WXLOGIN}/auth/wechat-signature`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SIGN_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ userId, appId, data: signData, checkSession: true }),
  })
  const { data, error } = await answer.json()
  if (answer.status === 409) throw new Refusal(409, error) // the phone logs in and orders again
  if (!answer.ok) throw new Refusal(503, error)

  append({ order: { ...terms, userId, appId, openId: data.openId } }) // before the phone can pay
  const paySig = createHmac('sha256', PAY_APP_KEY).update(`requestVirtualPayment&${signData}`).digest('hex')
  return { mode: 'short_series_goods', signData, paySig, signature: data.signature }
}

/** Takes a message of WeChat's from wxlogin's push relay. */
function receive({ headers }, body) {
  try {
    webhook.verify(body, headers, { jsonParse: false })
  } catch {
    throw new Refusal(401, 'signature')
  }
  const id = headers['webhook-id']
  if (received.has(id)) return // the relay may send a message twice
  const record = { message: id, event: headers['x-wx-event'], body: body.toString() }
  if (record.event === 'xpay_goods_deliver_notify') {
    const { OutTradeNo, OpenId, GoodsInfo } = parse(body)
    const found = orders.get(OutTradeNo)
    // Not 2xx: the message waits in wxlogin, and the operator sees it in /admin/push.
    if (!found || found.openId !== OpenId || found.productId !== GoodsInfo?.ProductId) throw new Refusal(404, 'unknown_order')
    if (!found.delivered) record.delivered = OutTradeNo // another message may have delivered it
  }
  append(record) // one line: received and delivered, or neither
}

/** What the user has bought. */
async function goods(request) {
  const { userId, appId } = await userOf(request.headers.authorization)
  const own = [...orders.values()].filter(one => one.userId === userId && one.appId === appId && one.delivered)
  return own.map(({ outTradeNo, productId }) => ({ outTradeNo, productId }))
}

function parse(body) {
  try {
    return Object(JSON.parse(body))
  } catch {
    throw new Refusal(400, 'not_json')
  }
}

async function read(request) {
  const chunks = []
  let length = 0
  for await (const chunk of request) {
    length += chunk.length
    if (length > 65536) throw new Refusal(413, 'too_large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const routes = { 'POST /orders': order, 'POST /wechat': receive, 'GET /goods': goods }

const server = createServer(async (request, response) => {
  try {
    const route = routes[`${request.method} ${request.url}`]
    if (!route) throw new Refusal(404, 'not_found')
    const answer = await route(request, await read(request))
    // Without a body the relay gives WeChat the success that the event wants.
    response.setHeader('content-type', 'application/json').end(answer && JSON.stringify(answer))
  } catch (error) {
    if (!(error instanceof Refusal)) console.error(error)
    response.writeHead(error.status ?? 503).end(JSON.stringify({ error: error.status ? error.message : 'unavailable' }))
  }
})
server.listen(Number(PORT), HOST, () => console.log(`the shop listens on ${HOST}:${PORT}`))
