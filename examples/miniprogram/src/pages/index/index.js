const { client, run } = require('../../client.js')

Page({
  data: { user: null, busy: true, error: '' },

  // 静默登录：第一个请求会自动登录，不需要用户点击。
  onShow() {
    return run(this, async () => ({ user: await client.me() }))
  },

  onPhone(event) {
    return run(this, async () => ({ user: await client.bindPhone(event) }))
  },

  onAvatar(event) {
    return run(this, async () => ({ user: await client.uploadAvatar(event.detail.avatarUrl) }))
  },

  onNickname(event) {
    return run(this, async () => ({ user: await client.updateProfile({ nickName: event.detail.value.nickName }) }))
  },
})
