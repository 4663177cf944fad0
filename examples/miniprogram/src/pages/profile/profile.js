// 旧的登录方式：code 与 encryptedData、iv、rawData、signature 一起发送。2022 年 11 月之后发布的小程序在这里只能得到
// 匿名资料，新的小程序请使用首页的头像昵称填写。
const { client, run } = require('../../client.js')

const call = (name, options) => new Promise((success, fail) => { wx[name](Object.assign({ success, fail }, options)) })

Page({
  data: { user: null, busy: false, error: '' },

  // 先取 code，再由用户点击：之后的 wx.login 可能会更换 session_key，数据就解不开了。
  async onShow() {
    this.code = (await call('login')).code
  },

  onTap() {
    return run(this, async () => {
      const { encryptedData, iv, rawData, signature } = await call('getUserProfile', { desc: '用于完善会员资料' })
      const user = await client.login({ encryptedData, iv, rawData, signature }, this.code)
      // code 只能用一次。
      this.code = (await call('login')).code
      return { user }
    })
  },
})
