import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openPage } from '../support/browser.ts'
import { Desktop, size } from '../support/desktop.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch } from '../support/scratch.ts'
import { CliProcess } from '../integration/cli-process.ts'

const pages = fileURLToPath(new URL('pages', import.meta.url))
const novnc = fileURLToPath(new URL('../../node_modules/@novnc/novnc', import.meta.url))
const capsLockKey = 0xffe5

describeWith(['chromium', 'Xtigervnc', 'xsetroot', 'xset'], 'a desktop through noVNC', () => {
  let desktop: Desktop
  let browser: Browser
  const scratch = new Scratch()

  beforeAll(async () => {
    ;[desktop, browser] = await Promise.all([Desktop.start(), launchBrowser()])
  })

  afterAll(async () => {
    await browser?.close()
    await desktop?.stop()
    scratch.remove()
  })

  async function openDesktop(port: number): Promise<Page> {
    const { page, problems } = await openPage(browser)
    await page.goto(`https://localhost:${port}/vnc.html`)
    await page.waitForFunction(`desktop.events.some(({ type }) => type === 'connect')`)
    expect(problems).toEqual([])
    return page
  }

  test('a configuration with a certificate: drawn, drawn anew, typed into, closed', async () => {
    const { cert, key } = await scratch.certificate(['localhost'])
    const config = scratch.write(
      'drawbridge.yaml',
      `
listeners:
  edge:
    bind: 127.0.0.1:0
    tls: { certificates: [{ cert: '${cert}', key: '${key}' }] }
upstreams:
  desktop: { servers: ['tcp://127.0.0.1:${desktop.port}'] }
routes:
  - { name: desktop, match: { path: /websockify }, bridge: desktop }
  - { name: novnc, match: { path: /novnc/* }, static: '${novnc}' }
  - { name: pages, match: { path: /* }, static: '${pages}' }
log: { format: json }
`,
    )
    const gateway = new CliProcess(['--config', config])
    try {
      const port = await gateway.port()
      await desktop.paint('#2f6f4f')
      const page = await openDesktop(port)
      await shows(page, [0x2f, 0x6f, 0x4f])
      expect(await page.evaluate('desktop.events[0]')).toMatchObject({ name: 'the desktop' })

      // What changes there is drawn here.
      await desktop.paint('#c04020')
      await shows(page, [0xc0, 0x40, 0x20])

      // And what is typed here is felt there.
      await page.evaluate(`desktop.rfb.sendKey(${capsLockKey}, 'CapsLock')`)
      await desktop.locksCapitals()

      await page.evaluate('desktop.rfb.disconnect()')
      const closed = await gateway.line({ msg: 'session closed', route: 'desktop' })
      expect(closed).toMatchObject({ closedBy: 'client', code: 1005 })
      expect(closed).not.toHaveProperty('error')
    } finally {
      gateway.child.kill('SIGTERM')
      await gateway.ended
    }
  })

  test('flags alone: --to, --web and --tls-self-signed; 1001 when the gateway leaves', async () => {
    const web = join(scratch.path, 'web')
    cpSync(pages, web, { recursive: true })
    mkdirSync(join(web, 'novnc'))
    for (const part of ['core', 'vendor']) {
      cpSync(join(novnc, part), join(web, 'novnc', part), { recursive: true })
    }
    const to = ['--to', `tcp://127.0.0.1:${desktop.port}`, '--listen', '127.0.0.1:0']
    const gateway = new CliProcess([...to, '--web', web, '--tls-self-signed'])
    try {
      await desktop.paint('#1040a0')
      const page = await openDesktop(await gateway.port())
      await shows(page, [0x10, 0x40, 0xa0])
      gateway.child.kill('SIGTERM')
      await page.waitForFunction(`desktop.events.some(({ type }) => type === 'disconnect')`)
      expect((await gateway.ended).code).toBe(0)
      const closed = await gateway.line({ msg: 'session closed', route: 'main' })
      expect(closed).toMatchObject({ closedBy: 'gateway', code: 1001, error: 'draining' })
    } finally {
      gateway.child.kill('SIGKILL')
    }
  })
})

/** Waits until the browser shows a colour at all corners and in the middle. */
async function shows(page: Page, colour: readonly number[]): Promise<void> {
  const [right, bottom] = [size.width - 1, size.height - 1]
  const places = [
    [0, 0],
    [right, 0],
    [0, bottom],
    [right, bottom],
    [320, 240],
  ]
  await page.waitForFunction(
    `${JSON.stringify(places)}.every((at) => String(desktop.pixel(...at)) === '${colour.join(',')}')`,
  )
}
