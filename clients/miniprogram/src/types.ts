/** The shapes of the service, made from its OpenAPI document. */

import type { components } from './api.js'

type Schemas = components['schemas']

/** What a login is answered with. */
export type LoginReply = Schemas['LoginReply']
/** The user, as `/user/me` shows it. */
export type User = Schemas['UserReply']
/** The fields of a profile that can be changed. */
export type Profile = Schemas['EditBody']
/** What `wx.getUserProfile` and its kin give a page. */
export type UserInfo = Schemas['UserInfoMapBody']
/** An opened payload: what stands in it depends on the API that encrypted it. */
export type OpenData = { watermark?: { appid: string; timestamp: number }; [field: string]: unknown }
