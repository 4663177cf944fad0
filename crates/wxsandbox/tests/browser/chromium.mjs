// A Chromium and the service with its sandbox.
import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import puppeteer from 'puppeteer-core'

const here = dirname(fileURLToPath(import.meta.url))
/** Where pictures are kept; target/ is not committed. */
export const pictures = process.env.SCREENSHOTS || join(process.env.CARGO_TARGET_DIR || join(here, '../../../../target'), 'screenshots')

export async function launch() {
  const executablePath = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(path => path && existsSync(path))
  if (!executablePath) throw new Error('no Chromium: install what Debian calls chromium, or name one in CHROMIUM')
  mkdirSync(pictures, { recursive: true })
  // /dev/shm is small in containers.
  return puppeteer.launch({ executablePath, headless: true, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] })
}

/** A tab that notes what the console shows and what could not be loaded. */
export async function tab(browser, { language = 'en', width = 1280, dark = false } = {}) {
  const context = await browser.createBrowserContext()
  const page = await context.newPage()
  const problems = []
  page.on('console', message => { if (['error', 'warn'].includes(message.type())) problems.push(`${message.text()} ${message.location().url ?? ''}`) })
  page.on('pageerror', error => problems.push(String(error)))
  const hosts = new Set()
  page.on('request', request => { if (/^https?:/.test(request.url())) hosts.add(new URL(request.url()).hostname) })
  await page.setViewport({ width, height: 900, hasTouch: width < 500, isMobile: width < 500 })
  await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' }])
  await page.evaluateOnNewDocument(tag => Object.defineProperty(navigator, 'languages', { get: () => [tag] }), language)
  return { page, problems, hosts, close: () => context.close() }
}

/** Opens the sandbox's page. */
export async function open(browser, sandbox, options) {
  const opened = await tab(browser, options)
  await opened.page.goto(`${sandbox}/`)
  await opened.page.waitForSelector('body[data-ready]')
  await opened.page.waitForSelector('#reach.good')
  return opened
}

/** Presses the button of a flow and waits for its end; gives the run's state, verdict and steps. */
export async function press(page, flow) {
  const before = await page.$$eval('[data-run]', runs => Math.max(0, ...runs.map(run => Number(run.dataset.run))))
  await page.click(`[data-flow="${flow}"]`)
  const run = `[data-run="${before + 1}"]`
  await page.waitForSelector(`${run}:not([data-state="running"])`)
  await page.waitForSelector('[data-flow="login"][aria-disabled="false"]')
  return page.$eval(run, element => ({
    state: element.dataset.state,
    verdict: element.querySelector('.verdict').textContent,
    text: element.textContent,
    steps: [...element.querySelectorAll('.step')].map(step => ({
      title: step.dataset.title,
      state: step.classList[1],
      status: step.querySelector('.status')?.textContent,
      text: step.textContent,
    })),
  }))
}
