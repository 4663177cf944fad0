// Logs in with the client that orval makes.
import { login, showMe } from './orval-client.js'

const answer = await login({ platCode: process.env.CODE! })
if (answer.status !== 200) throw new Error(answer.data.error)
const { token, userId } = answer.data.data
const me = await showMe({ headers: { authorization: `Bearer ${token}` } })
const refused = await login({ platCode: 'spent' })
console.log(JSON.stringify({
  userId,
  me: me.status === 200 ? me.data.data.userId : undefined,
  refused: refused.status === 200 ? undefined : refused.data.error,
}))
