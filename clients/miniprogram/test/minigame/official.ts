// The same platform fits the official types of small games, which have no `Page`.
import { createClient } from '../../src/index.js'
import type { CallbackApi } from '../../src/platform.js'

const api: CallbackApi = wx
const client = createClient({ baseUrl: 'https://login.example.com' })

wx.onShow(() => { void client.me() })

export const used: CallbackApi[] = [api]
