import { chmodSync, readFileSync } from 'node:fs'
import { delimiter, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openPage } from '../support/browser.ts'
import { Desktop } from '../support/desktop.ts'
import { Program } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, freePort } from '../support/scratch.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const needs = ['novnc_proxy', 'ps', 'chromium', 'Xtigervnc', 'xsetroot', 'xset']

describeWith(needs, 'noVNC’s launch script', () => {
  const scratch = new Scratch()
  let desktop: Desktop
  let browser: Browser

  beforeAll(async () => {
    const websockify = `#!/bin/sh\nexec '${process.execPath}' '${root}bin/drawbridge.js' websockify "$@"\n`
    chmodSync(scratch.write('websockify', websockify), 0o755)
    ;[desktop, browser] = await Promise.all([Desktop.start(), launchBrowser()])
  })

  afterAll(async () => {
    await browser?.close()
    await desktop?.stop()
    scratch.remove()
  })

  test('finds Drawbridge in the place of websockify and serves a desktop with it', async () => {
    const { cert, key } = await scratch.certificate(['localhost'])
    const pair = readFileSync(cert, 'utf8') + readFileSync(key, 'utf8')
    const port = await freePort()
    const script = new Program(
      'novnc_proxy',
      [
        ['--listen', `127.0.0.1:${port}`, '--vnc', `127.0.0.1:${desktop.port}`],
        ['--cert', scratch.write('self.pem', pair), '--heartbeat', '20', '--idle-timeout', '60'],
      ],
      {
        cwd: scratch.path,
        env: {
          PATH: [scratch.path, dirname(process.execPath), process.env['PATH']].join(delimiter),
        },
      },
    )
    await script.says(/"listening"/)
    expect(script.output).toContain(`Using installed websockify at ${scratch.path}/websockify`)
    // Both at one port, as websockify has it.
    for (const [scheme, colour] of [
      ['http', [0x2f, 0x6f, 0x4f]],
      ['https', [0x10, 0x40, 0xa0]],
    ] as const) {
      await desktop.paint(`#${Buffer.from(colour).toString('hex')}`)
      const { page, problems } = await openPage(browser)
      await page.goto(`${scheme}://localhost:${port}/vnc.html?autoconnect=true&reconnect=false`)
      await page.waitForFunction(
        `{
          const canvas = document.querySelector('#noVNC_container canvas')
          const pixel = canvas?.getContext('2d').getImageData(320, 240, 1, 1).data
          pixel !== undefined && String([...pixel].slice(0, 3)) === '${colour.join(',')}'
        }`,
      )
      // Debian leaves out the file in which the page looks for its version.
      expect(problems.filter((text) => !/package\.json|404/.test(text))).toEqual([])
      await page.close()
    }
    await script.stop()
    expect(script.output).toContain('Terminating WebSockets proxy')
    expect(script.output).toMatch(/"msg":"session closed"/)
  })
})
