// 旧的登录方式：code 与 encryptedData、iv、rawData、signature 一起发送。2022 年 11 月之后发布的小程序在这里只能得到
// 匿名资料，新的小程序请使用首页的头像昵称填写。
import { useRef, useState } from 'react'
import { Button, Text, View } from '@tarojs/components'
import Taro, { useDidShow } from '@tarojs/taro'
import { client, useRun } from '../../client'

export default function Profile() {
  const [user, setUser] = useState(null)
  const [error, run] = useRun()
  const code = useRef()
  const takeCode = async () => { code.current = (await Taro.login()).code }

  // 先取 code，再由用户点击：之后的 wx.login 可能会更换 session_key，数据就解不开了。
  useDidShow(takeCode)
  const onTap = () => run(async () => {
    const { encryptedData, iv, rawData, signature } = await Taro.getUserProfile({ desc: '用于完善会员资料' })
    setUser(await client.login({ encryptedData, iv, rawData, signature }, code.current))
    // code 只能用一次。
    await takeCode()
  })
  return (
    <View>
      <Button onClick={onTap}>授权并登录</Button>
      {user && <View className='row'><Text>昵称</Text><Text>{user.nickName || '匿名'}</Text></View>}
      {error && <View className='error'>{error}</View>}
    </View>
  )
}
