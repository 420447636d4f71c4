import { chromium } from 'playwright-core'
import type { Browser, Page } from 'playwright-core'
import { programPath } from './programs.ts'

/** No sandbox, for containers; and none of what a browser does on its own in the background. */
const args = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

export async function launchBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: programPath('chromium'), args, timeout: 20_000 })
}

/**
 * A page that takes certificates nobody trusts. What goes wrong in it is collected in `problems`.
 */
export async function openPage(
  browser: Browser,
  options: { colorScheme?: 'light' | 'dark'; width?: number } = {},
): Promise<{ page: Page; problems: string[] }> {
  const { colorScheme = 'light', width = 1280 } = options
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    colorScheme,
    viewport: { width, height: 900 },
  })
  const page = await context.newPage()
  page.setDefaultTimeout(20_000)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text())
  })
  return { page, problems }
}
