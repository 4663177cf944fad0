// 全部页面共用一个客户端：同一时刻只登录一次、只刷新一次。
const { createClient } = require('@wxlogin/miniprogram')
const { baseUrl } = require('./config.js')

const client = createClient({ baseUrl })

/** 执行一步；失败时把服务返回的中文提示显示在页面上。 */
async function run(page, work) {
  page.setData({ busy: true, error: '' })
  try {
    page.setData(await work())
  } catch (error) {
    // 用户自己拒绝，不是错误。
    if (error.error !== 'user_denied') page.setData({ error: error.msg || error.errMsg || error.message })
  }
  page.setData({ busy: false })
}

module.exports = { client, run }
