import { afterEach, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream } from '../support/recording-upstream.ts'

let upstream: RecordingUpstream
let running: RunningGateway

async function start(more: Record<string, unknown> = {}): Promise<void> {
  upstream = await recordingUpstream()
  running = await startGateway(proxyTo(`http://127.0.0.1:${upstream.port}`, more))
}

afterEach(() => {
  running.stop()
  upstream.close()
})

async function statusOf(headers: Record<string, string>): Promise<number> {
  const client = await RawClient.connect(running.port())
  client.send(upgradeHead('/', headers))
  const { status } = await client.head()
  client.destroy()
  return status
}

describe('behind a trusted proxy', () => {
  test.each([
    ['https for a page of https', 'https', 'https://any.example', 101],
    ['wss for a page of https', 'wss', 'https://any.example', 101],
    ['https for a page of http', 'https', 'http://any.example', 403],
    ['http for a page of https', 'http', 'https://localhost', 403],
    ['http for a page of http', 'http', 'http://localhost', 101],
    ['the last of several counts', 'http, https', 'https://any.example', 101],
    ['the first of several does not', 'https, http', 'https://any.example', 403],
  ])('X-Forwarded-Proto decides: %s', async (_, proto, origin, status) => {
    await start({ trustedProxies: ['127.0.0.1'] })
    const host = new URL(origin).host
    expect(await statusOf({ Host: host, Origin: origin, 'X-Forwarded-Proto': proto })).toBe(status)
  })

  test('http leaves a page of a strange name to DNS rebinding', async () => {
    await start({ trustedProxies: ['127.0.0.1'] })
    const page = { Host: 'any.example', Origin: 'http://any.example' }
    expect(await statusOf({ ...page, 'X-Forwarded-Proto': 'http' })).toBe(403)
    expect(await statusOf(page)).toBe(403)
  })

  test('X-Forwarded-Host never counts', async () => {
    await start({ trustedProxies: ['127.0.0.1'] })
    const forwarded = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'app.example' }
    expect(
      await statusOf({ Host: 'inner.example', Origin: 'https://app.example', ...forwarded }),
    ).toBe(403)
    expect(
      await statusOf({ Host: 'inner.example', Origin: 'https://inner.example', ...forwarded }),
    ).toBe(101)
  })

  test('a proxy that is not trusted says nothing', async () => {
    await start({ trustedProxies: ['192.0.2.1'] })
    const page = { Host: 'any.example', Origin: 'https://any.example' }
    expect(await statusOf({ ...page, 'X-Forwarded-Proto': 'https' })).toBe(403)
  })
})

describe('the log line of a refusal', () => {
  test('says what to add, where the page is yours', async () => {
    await start()
    expect(await statusOf({ Host: 'app.example', Origin: 'https://app.example' })).toBe(403)
    const line = await running.log.line('refused', { error: 'origin-denied' })
    expect(line).toMatchObject({ status: 403, origin: 'https://app.example', host: 'app.example' })
    expect(line.detail).toContain('--origin https://app.example')
    expect(line.detail).toContain("add https://app.example to the route's origins")
    expect(line.detail).toContain('DNS rebinding')
  })

  test('says it of a foreign page and of a list, too', async () => {
    await start({
      routes: [
        { match: { path: '/' }, proxy: 'app', origins: 'https://one.example' },
        { proxy: 'app' },
      ],
    })
    expect(await statusOf({ Origin: 'https://two.example' })).toBe(403)
    const line = await running.log.line('refused', { origin: 'https://two.example' })
    expect(line.detail).toContain('--origin https://two.example')
  })

  test.each(['null', 'nonsense', '', 'https://a b', `https://${'a'.repeat(300)}.example`])(
    'suggests nothing that would not be an origin: %.40s',
    async (origin) => {
      await start()
      expect(await statusOf({ Origin: origin })).toBe(403)
      const line = await running.log.line('refused', { error: 'origin-denied' })
      expect(line.detail).not.toContain('--origin https')
      expect(String(line.detail).length).toBeLessThan(500)
    },
  )
})
