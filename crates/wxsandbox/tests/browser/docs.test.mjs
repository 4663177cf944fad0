// The service's API document opens without an error, and calls the service.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { startService } from '../../../../clients/miniprogram/test/service.mjs'
import { launch, pictures, tab } from './chromium.mjs'

let running
let browser

before(async () => { [running, browser] = await Promise.all([startService(), launch()]) })
after(async () => { await browser?.close(); await running?.stop() })

test('/docs shows every operation and no error', async () => {
  const { page, problems, hosts, close } = await tab(browser)
  await page.goto(`${running.service}/docs`)
  await page.waitForSelector('.opblock')
  const { paths } = await (await fetch(`${running.service}/openapi.json`)).json()
  const methods = Object.values(paths).flatMap(path => Object.keys(path).filter(name => ['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'trace'].includes(name)))
  await page.waitForFunction(count => document.querySelectorAll('.opblock').length === count, {}, methods.length)
  await page.screenshot({ path: `${pictures}/docs.png` })
  await page.click('.opblock-summary-path[data-path="/.well-known/jwks.json"]')
  await page.waitForSelector('.execute')
  // The operation is still opening, so a click at a place would miss.
  await page.$eval('.execute', button => button.click())
  await page.waitForSelector('.live-responses-table tbody .response-col_status')
  assert.match(await page.$eval('.live-responses-table tbody .response-col_status', cell => cell.textContent), /200/)
  assert.deepEqual(problems, [])
  assert.deepEqual([...hosts], ['127.0.0.1'])
  await close()
})
