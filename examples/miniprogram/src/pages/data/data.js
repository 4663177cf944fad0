const { client, run } = require('../../client.js')

const weRunData = () => new Promise((success, fail) => { wx.getWeRunData({ success, fail }) })
const sessions = async () => (await client.request({ url: '/user/sessions' })).data.data.items

Page({
  data: { steps: null, sessions: [], busy: true, error: '' },

  // 加密数据要用服务端已有的 session_key 解密，所以在用户点击之前就登录好。
  onShow() {
    return run(this, async () => {
      await client.prepareButton()
      return { sessions: await sessions() }
    })
  },

  onSteps() {
    return run(this, async () => {
      const { stepInfoList } = await client.openData(await weRunData())
      return { steps: stepInfoList[stepInfoList.length - 1].step }
    })
  },

  onEnd(event) {
    return run(this, async () => {
      await client.request({ url: `/user/sessions/${event.currentTarget.dataset.id}`, method: 'DELETE' })
      return { sessions: await sessions() }
    })
  },

  onLogout() {
    return run(this, async () => {
      await client.logout()
      return { sessions: [], steps: null }
    })
  },

  // 退出后不会自动登录，直到用户自己点击。
  onLogin() {
    return run(this, async () => {
      await client.login()
      return { sessions: await sessions() }
    })
  },
})
