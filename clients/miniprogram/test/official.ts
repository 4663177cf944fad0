// The client's platform fits the official types of `wx`: this file only has to compile.
import { createClient } from '../src/index.js'
import type { CallbackApi, RequestOptions } from '../src/platform.js'

const api: CallbackApi = wx
const client = createClient({ baseUrl: 'https://login.example.com' })

/** Each method that the client uses is one of `wx.request`'s. */
type Method = NonNullable<WechatMiniprogram.RequestOption['method']>
const methods: Method[] = ['GET', 'POST', 'DELETE', 'PUT']

Page({
  onPhone(event: WechatMiniprogram.ButtonGetPhoneNumber) { void client.bindPhone(event) },
  async onAvatar(event: WechatMiniprogram.CustomEvent<{ avatarUrl: string }>) { await client.uploadAvatar(event.detail.avatarUrl) },
})

export const used: [CallbackApi, Method[], RequestOptions] = [api, methods, { url: '/user/me' }]
