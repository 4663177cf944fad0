export default defineAppConfig({
  pages: ['pages/index/index', 'pages/data/index', 'pages/profile/index'],
  window: { navigationBarTitleText: 'wxlogin 示例' },
})
