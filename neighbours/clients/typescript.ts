// Logs in with a client of the types that openapi-typescript makes.
import createClient from 'openapi-fetch'
import type { paths } from './schema.js'

const client = createClient<paths>({ baseUrl: process.env.SERVICE! })
const login = await client.POST('/user/wxlogin', { body: { platCode: process.env.CODE! } })
if (!login.data) throw new Error(login.error.error)
const { token, userId } = login.data.data
const me = await client.GET('/user/me', { headers: { authorization: `Bearer ${token}` } })
const refused = await client.POST('/user/wxlogin', { body: { platCode: 'spent' } })
console.log(JSON.stringify({ userId, me: me.data?.data.userId, refused: refused.error?.error }))
