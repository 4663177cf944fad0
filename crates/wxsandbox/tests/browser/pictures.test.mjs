// Screenshots of both languages, narrow and wide, light and dark, for people to look at.
import { after, before, test } from 'node:test'
import { startService } from '../../../../clients/miniprogram/test/service.mjs'
import { launch, open, pictures, press } from './chromium.mjs'

let running
let browser

before(async () => { [running, browser] = await Promise.all([startService(), launch()]) })
after(async () => { await browser?.close(); await running?.stop() })

for (const language of ['en', 'zh']) {
  for (const width of [375, 1280]) {
    for (const dark of [false, true]) {
      const name = `${language}-${width}-${dark ? 'dark' : 'light'}`
      test(name, async () => {
        const { page, close } = await open(browser, running.sandbox, { language, width, dark })
        await press(page, 'login')
        await page.evaluate(() => window.scrollTo(0, 0))
        await page.screenshot({ path: `${pictures}/login-${name}.png`, fullPage: true })
        await press(page, 'stale')
        await page.$$eval('[data-run="2"] .step.refused details', all => { for (const details of all) details.open = true })
        await page.screenshot({ path: `${pictures}/stale-${name}.png`, fullPage: true })
        await close()
      })
    }
  }
}
