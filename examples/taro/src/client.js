// 全部页面共用一个客户端：同一时刻只登录一次、只刷新一次。
import { useState } from 'react'
import Taro from '@tarojs/taro'
import { createClient } from '@wxlogin/miniprogram/taro'

// 服务的地址；`cargo run` 之后就是它。真机上要用 https，并在公众平台配置为合法域名。
export const client = createClient(Taro, { baseUrl: 'http://127.0.0.1:5000' })

/** 执行一步；失败时把服务返回的中文提示放进 `error`。 */
export function useRun() {
  const [error, setError] = useState('')
  async function run(work) {
    setError('')
    try {
      await work()
    } catch (failure) {
      // 用户自己拒绝，不是错误。
      if (failure.error !== 'user_denied') setError(failure.msg || failure.errMsg || failure.message)
    }
  }
  return [error, run]
}
