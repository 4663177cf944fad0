import { useState } from 'react'
import { Button, Text, View } from '@tarojs/components'
import Taro, { useDidShow } from '@tarojs/taro'
import { client, useRun } from '../../client'

export default function Data() {
  const [steps, setSteps] = useState(null)
  const [sessions, setSessions] = useState([])
  const [error, run] = useRun()
  const list = async () => setSessions((await client.request({ url: '/user/sessions' })).data.data.items)

  // 加密数据要用服务端已有的 session_key 解密，所以在用户点击之前就登录好。
  useDidShow(() => run(async () => { await client.prepareButton(); await list() }))
  const onSteps = () => run(async () => {
    const { stepInfoList } = await client.openData(await Taro.getWeRunData())
    setSteps(stepInfoList[stepInfoList.length - 1].step)
  })
  const onEnd = id => run(async () => { await client.request({ url: `/user/sessions/${id}`, method: 'DELETE' }); await list() })
  const onLogout = () => run(async () => { await client.logout(); setSessions([]); setSteps(null) })
  // 退出后不会自动登录，直到用户自己点击。
  const onLogin = () => run(async () => { await client.login(); await list() })
  return (
    <View>
      <Button onClick={onSteps}>读取微信运动</Button>
      {steps !== null && <View className='row'><Text>今日步数</Text><Text>{steps}</Text></View>}
      {sessions.map(item => (
        <View key={item.id} className='row'>
          <Text>{item.current ? '本机' : item.lastUsedAt}</Text>
          {!item.current && <Button size='mini' onClick={() => onEnd(item.id)}>下线</Button>}
        </View>
      ))}
      {sessions.length > 0 ? <Button onClick={onLogout}>退出登录</Button> : <Button onClick={onLogin}>登录</Button>}
      {error && <View className='error'>{error}</View>}
    </View>
  )
}
