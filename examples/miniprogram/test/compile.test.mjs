// WeChat's own compilers take the project.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const require = createRequire(import.meta.url)
const root = new URL('..', import.meta.url).pathname
const read = name => JSON.parse(readFileSync(new URL(name, new URL('../', import.meta.url)), 'utf8'))
const { pages } = read('src/app.json')

test('each page has its four files, and WXML and WXSS compile', () => {
  const { wxmlToJs, wxssToJs } = require('miniprogram-compiler')
  for (const page of pages) for (const type of ['js', 'json', 'wxml']) assert.ok(existsSync(`${root}src/${page}.${type}`), `${page}.${type}`)
  const wxml = new Function('global', 'window', `${wxmlToJs(`${root}src`)}; return $gwx`)({}, { __webview_engine_version__: 0.02 })
  const tree = JSON.stringify(wxml('pages/index/index.wxml')({ user: { nickName: '小明', phoneBound: false }, error: '' }))
  for (const part of ['getPhoneNumber', 'chooseAvatar', '小明']) assert.ok(tree.includes(part), part)
  assert.ok(!JSON.stringify(wxml('pages/index/index.wxml')({ user: { phoneBound: true } })).includes('getPhoneNumber'))
  assert.ok(wxssToJs(`${root}src`).includes('.avatar'))
})

test("the tool's npm build takes the client, as project.config.json says", () => {
  const { setting } = read('project.config.json')
  const [{ packageJsonPath, miniprogramNpmDistDir }] = setting.packNpmRelationList
  rmSync(`${root}src/miniprogram_npm`, { recursive: true, force: true })
  const script = `require('miniprogram-ci').packNpmManually(${JSON.stringify({ packageJsonPath, miniprogramNpmDistDir })})
    .then(({ miniProgramPackNum, warnList }) => { console.log(JSON.stringify([miniProgramPackNum, warnList])); process.exit(0) }, error => { console.error(error); process.exit(1) })`
  assert.match(execFileSync('node', ['-e', script], { cwd: root, encoding: 'utf8' }), /\[1,\[\]\]/)
  assert.ok(existsSync(`${root}src/miniprogram_npm/@wxlogin/miniprogram/index.js`))
})

test('the code is what the tool uploads: it parses with its settings', () => {
  const ci = require('miniprogram-ci')
  const project = new ci.Project({ appid: 'touristappid', type: 'miniProgram', projectPath: root, privateKey: 'none', ignores: ['node_modules/**/*'] })
  const files = project.getFilesAndDirs().files
  for (const page of pages) assert.ok(files.includes(`src/${page}.wxml`), page)
})
