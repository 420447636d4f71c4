import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, openPage } from '../support/browser.ts'
import { httpServer } from '../support/peers.ts'
import { describeWith } from '../support/programs.ts'
import { CliProcess } from '../integration/cli-process.ts'

describeWith(['chromium'], 'the demo in Chromium', () => {
  let demo: CliProcess
  let browser: Browser
  let url: string

  beforeAll(async () => {
    demo = new CliProcess(['demo', '--listen', '127.0.0.1:0'])
    browser = await launchBrowser()
    url = `https://localhost:${await demo.port()}/`
  })

  afterAll(async () => {
    await browser?.close()
    demo.child.kill('SIGTERM')
    expect((await demo.ended).code).toBe(0)
  })

  async function openDemo(): Promise<{ page: Page; problems: string[] }> {
    const opened = await openPage(browser)
    await opened.page.goto(url)
    await opened.page.locator('#chat-state', { hasText: 'open' }).waitFor()
    await opened.page.locator('#gate-state', { hasText: 'open' }).waitFor()
    return opened
  }

  test('messages go through the relay, from page to page', async () => {
    const [one, two] = [await openDemo(), await openDemo()]
    await one.page.getByLabel('Message', { exact: true }).fill('over the moat')
    await one.page.getByRole('button', { name: 'Send', exact: true }).click()
    for (const { page } of [one, two]) {
      await page.locator('#frames li:has(.way-in)', { hasText: 'over the moat' }).waitFor()
    }
    await one.page.getByRole('button', { name: 'Send 64 KiB' }).click()
    await one.page.locator('#frames li', { hasText: 'the same bytes, back' }).waitFor()
    await one.page.getByRole('button', { name: '100 round trips' }).click()
    await one.page.locator('#frames li', { hasText: /median .* ms, slowest/ }).waitFor()
    expect(Number(await one.page.locator('#chat-received').textContent())).toBeGreaterThan(102)
    expect([...one.problems, ...two.problems]).toEqual([])
    const sockets = demo.lines.filter(
      ({ msg, path }) => msg === 'session opened' && path === '/chat',
    )
    expect(sockets).toHaveLength(2)
    await one.page.context().close()
    await two.page.context().close()
  })

  test('a close goes through with its code and reason', async () => {
    const { page } = await openDemo()
    await page.getByRole('button', { name: 'Close with 4000' }).click()
    await page.locator('#chat-state', { hasText: 'closed 4000' }).waitFor()
    await page.locator('#lines tr', { hasText: '4000 by client' }).waitFor()
    await demo.line({ msg: 'session closed', closedBy: 'client', code: 4000 })
    // As an application's page would, it comes back by itself.
    await page.locator('#chat-state', { hasText: 'open' }).waitFor()
    await page.context().close()
  })

  test('lines typed in the terminal go through the bridge as bytes', async () => {
    const { page, problems } = await openDemo()
    const session = demo.lines.findLast(
      ({ msg, path }) => msg === 'session opened' && path === '/gatehouse',
    )
    const screen = page.locator('#screen', { hasText: 'THE GATEHOUSE' })
    await screen.waitFor()
    for (const [line, answer] of [
      ['north', 'The bridge is up'],
      ['ring', 'comes down'],
      ['calc 6 * 7', '42'],
    ] as const) {
      await page.getByLabel('Command').fill(line)
      await page.getByLabel('Command').press('Enter')
      await screen.filter({ hasText: answer }).waitFor()
    }
    expect(problems).toEqual([])
    await page.context().close()
    expect(await demo.line({ msg: 'session closed', id: session!['id'] })).toMatchObject({
      route: 'gatehouse',
      closedBy: 'client',
      received: { messages: 3, bytes: 'north\nring\ncalc 6 * 7\n'.length },
    })
  })

  describe('shows a refusal', () => {
    let page: Page

    beforeAll(async () => {
      page = (await openDemo()).page
      // All at once: each must show what the log says of itself, and of no other.
      await page.evaluate(
        `for (const button of document.querySelectorAll('.try button')) button.click()`,
      )
    })

    test.each([
      ['From a foreign page', '1006', '403 origin-denied'],
      ['Too big a message', '1009 message-too-big', 'message-too-big'],
      ['Text for raw bytes', '1003 message-kind', 'message-kind'],
      ['A language it does not speak', '1006', '400 subprotocol-unsupported'],
      ['No WebSocket at all', '426', '426 upgrade-required'],
      ['A path with two readings', '400', '400 path-ambiguous'],
      ['Nobody behind it', '502', '502 upstream-unreachable'],
    ])('%s', async (title, told, logged) => {
      const row = page.locator('.try', { has: page.getByRole('heading', { name: title }) })
      await row.locator('output').nth(0).filter({ hasText: told }).waitFor()
      await row.locator('output').nth(1).filter({ hasText: logged }).waitFor()
    })
  })

  test('a page of another origin is refused with 403', async () => {
    const foreign = await httpServer((_request, response) => {
      response.setHeader('Content-Type', 'text/html')
      response.end('<!doctype html><title>Somebody else</title>')
    })
    const origin = `http://127.0.0.1:${foreign.port}`
    const { page, problems } = await openPage(browser)
    await page.goto(origin)
    const network = await page.context().newCDPSession(page)
    await network.send('Network.enable')
    const failures: string[] = []
    network.on('Network.webSocketFrameError', ({ errorMessage }) => failures.push(errorMessage))
    for (const path of ['chat', 'gatehouse']) {
      const socket = JSON.stringify(`${url.replace('https', 'wss')}${path}`)
      const events = await page.evaluate<string[]>(`new Promise((resolve) => {
        const events = []
        const socket = new WebSocket(${socket})
        for (const type of ['open', 'error', 'close']) {
          socket.addEventListener(type, ({ code }) => {
            events.push(code === undefined ? type : type + ' ' + code)
            if (type === 'close') resolve(events)
          })
        }
      })`)
      expect(events).toEqual(['error', 'close 1006'])
      const refusal = await demo.line({ msg: 'refused', path: `/${path}`, origin })
      expect(refusal).toMatchObject({ status: 403, error: 'origin-denied', listener: 'edge' })
    }
    const failure = 'Error during WebSocket handshake: Unexpected response code: 403'
    expect(failures).toEqual([failure, failure])
    expect(problems.filter((problem) => problem.endsWith(failure))).toHaveLength(2)
    await page.context().close()
    foreign.close()
  })
})
