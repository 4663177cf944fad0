import { useState } from 'react'
import { Button, Form, Image, Input, Navigator, Text, View } from '@tarojs/components'
import { useDidShow } from '@tarojs/taro'
import { client, useRun } from '../../client'

export default function Index() {
  const [user, setUser] = useState(null)
  const [error, run] = useRun()
  const set = work => run(async () => setUser(await work()))

  // 静默登录：第一个请求会自动登录，不需要用户点击。
  useDidShow(() => set(() => client.me()))
  return (
    <View>
      {user && (
        <View>
          <Image className='avatar' src={user.avatarUrl || ''} />
          <View className='row'><Text>昵称</Text><Text>{user.nickName || '未填写'}</Text></View>
          <View className='row'><Text>手机号</Text><Text>{user.phone || '未绑定'}</Text></View>
          <Button openType='chooseAvatar' onChooseAvatar={({ detail }) => set(() => client.uploadAvatar(detail.avatarUrl))}>选择头像</Button>
          <Form onSubmit={({ detail }) => set(() => client.updateProfile({ nickName: detail.value.nickName }))}>
            <Input name='nickName' type='nickname' placeholder='昵称' />
            <Button formType='submit'>保存昵称</Button>
          </Form>
          {!user.phoneBound && <Button openType='getPhoneNumber' onGetPhoneNumber={event => set(() => client.bindPhone(event))}>绑定手机号</Button>}
        </View>
      )}
      <Navigator url='/pages/data/index'>微信运动与会话</Navigator>
      <Navigator url='/pages/profile/index'>getUserInfo 方式登录</Navigator>
      {error && <View className='error'>{error}</View>}
    </View>
  )
}
