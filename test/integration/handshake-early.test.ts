import { afterEach, describe, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { clientFrame, closePayload, frame } from '../support/frames.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream, switching } from '../support/recording-upstream.ts'
import type { RecordingUpstream, Script } from '../support/recording-upstream.ts'

let upstream: RecordingUpstream
let running: RunningGateway

async function start(script: Script, more: Record<string, unknown> = {}): Promise<RawClient> {
  upstream = await recordingUpstream(script)
  running = await startGateway({
    ...proxyTo(`http://127.0.0.1:${upstream.port}`),
    routes: [
      { match: { path: '/own' }, respond: { status: 204 } },
      { name: 'main', proxy: 'app' },
    ],
    ...more,
  })
  return await RawClient.connect(running.port())
}

afterEach(() => {
  running.stop()
  upstream.close()
})

/**
 * The gateway has gone through its event loop several times: what it was going to read without
 * being asked, it has read.
 */
async function roundTrips(count: number): Promise<void> {
  const client = await RawClient.connect(running.port())
  for (let i = 0; i < count; i++) {
    client.send('GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await client.head()).status).toBe(204)
  }
  client.destroy()
}

const silent: Script = () => undefined

describe('frames behind the head of an upgrade', () => {
  const hello = clientFrame({ opcode: Opcode.text, payload: 'hello' })

  test('are held until the upstream has agreed, and reach it once', async () => {
    const client = await start(silent)
    client.send(Buffer.concat([Buffer.from(upgradeHead('/ws')), hello]))
    const behind = await upstream.connection(0)
    await roundTrips(5)
    expect(behind.all).toMatch(/\r\n\r\n$/)
    const second = clientFrame({ opcode: Opcode.text, payload: 'second' })
    client.send(second)
    await roundTrips(5)
    expect(behind.all).toMatch(/\r\n\r\n$/)
    behind.send(switching(keyOf(behind.all)))
    expect((await client.head()).status).toBe(101)
    expect(await behind.take(hello.length + second.length)).toEqual(Buffer.concat([hello, second]))
    client.send(hello)
    expect(await behind.take(hello.length)).toEqual(hello)
    expect(behind.received).toHaveLength(0)
  })

  test('reach it whole however the head and the frame were cut', async () => {
    const client = await start((connection, head) => connection.send(switching(head)))
    client.destroy()
    const bytes = Buffer.concat([Buffer.from(upgradeHead('/ws')), hello])
    const cuts = [
      1,
      3,
      20,
      bytes.length - hello.length - 2,
      bytes.length - hello.length,
      bytes.length - 3,
    ]
    for (const [at, cut] of cuts.entries()) {
      const cutting = await RawClient.connect(running.port())
      cutting.send(bytes.subarray(0, cut))
      await roundTrips(2)
      cutting.send(bytes.subarray(cut))
      expect((await cutting.head()).status).toBe(101)
      const behind = await upstream.connection(at)
      expect(await behind.take(hello.length)).toEqual(hello)
      expect(behind.received).toHaveLength(0)
      cutting.destroy()
    }
  })

  test('beyond limits.buffer are not read before the 101, and arrive whole after it', async () => {
    const client = await start(silent, { limits: { buffer: '16KiB', message: '1MiB' } })
    const frames = Array.from({ length: 256 }, (_, at) =>
      clientFrame({ payload: Buffer.alloc(65_536, at) }),
    )
    client.send(upgradeHead('/ws'))
    const behind = await upstream.connection(0)
    for (const frame of frames) client.send(frame)
    await roundTrips(200)
    // What the kernel takes is a few MiB; the rest of the 16 stays with the client as long as
    // nobody reads.
    expect(client.socket.writableLength).toBeGreaterThan(0)
    expect(behind.all).toMatch(/\r\n\r\n$/)
    behind.send(switching(keyOf(behind.all)))
    expect((await client.head()).status).toBe(101)
    for (const frame of frames) expect((await behind.take(frame.length)).equals(frame)).toBe(true)
  })

  test('that break the rules end both sides after the 101, and never reach the upstream', async () => {
    const client = await start((connection, head) => connection.send(switching(head)))
    const unmasked = Buffer.from('810548656c6c6f', 'hex')
    client.send(Buffer.concat([Buffer.from(upgradeHead('/ws')), hello, unmasked]))
    expect((await client.head()).status).toBe(101)
    const close = frame({ opcode: Opcode.close, payload: closePayload(1002, 'frame-invalid') })
    expect(await client.take(close.length)).toEqual(close)
    const behind = await upstream.connection(0)
    expect(await behind.take(hello.length)).toEqual(hello)
    expect((await behind.take(1))[0]).toBe(0x88)
  })
})

describe('what stands behind an upgrade that the upstream does not take', () => {
  const admin = 'GET /admin-secret HTTP/1.1\r\nHost: localhost\r\n\r\n'
  const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  const answers: readonly (readonly [name: string, status: number, answer: string])[] = [
    ['200', 200, ok],
    [
      '200 that says Upgrade',
      200,
      ok.replace('OK\r\n', 'OK\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'),
    ],
    ['404', 404, ok.replace('200 OK', '404 Not Found')],
    ['426', 426, ok.replace('200 OK', '426 Upgrade Required\r\nSec-WebSocket-Version: 8')],
    ['503', 503, ok.replace('200 OK', '503 Service Unavailable')],
    [
      'a 101 without Accept',
      502,
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    ],
  ]

  test.each(answers)('is never sent there: %s', async (_, status, answer) => {
    const client = await start((connection) => connection.send(answer))
    client.send(`${upgradeHead('/ws')}${admin}`)
    const head = await client.head()
    expect(head.status).toBe(status)
    expect(head.headers.get('connection')).toBe('close')
    expect(head.headers.has('upgrade')).toBe(false)
    client.send(admin)
    const rest = (await client.closed()).toString('latin1')
    expect(rest).toBe(status === 502 ? 'upstream-handshake\n' : 'ok')
    const behind = await upstream.connection(0)
    client.destroy()
    await behind.gone
    expect(behind.all.split('\r\n\r\n')).toEqual([expect.stringMatching(/^GET \/ws /), ''])
    expect(upstream.connections).toHaveLength(1)
  })
})

describe('an upgrade behind a request', () => {
  test('that is not answered yet is not served; the earlier answer is the last', async () => {
    const client = await start(silent)
    client.send(`GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n${upgradeHead('/ws')}`)
    const behind = await upstream.connection(0)
    await roundTrips(3)
    behind.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow')
    const answer = await client.answer()
    expect(answer).toMatchObject({ status: 200, body: 'slow' })
    expect(answer.headers.get('connection')).toBe('close')
    expect(await client.closed()).toHaveLength(0)
    expect(upstream.connections).toHaveLength(1)
    client.destroy()
  })

  test('that was answered is served on the same connection', async () => {
    const client = await start((connection, head) => connection.send(switching(head)))
    client.send('GET /own HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect((await client.head()).status).toBe(204)
    client.send(upgradeHead('/ws'))
    expect((await client.head()).status).toBe(101)
    client.destroy()
  })
})

function keyOf(head: string): Parameters<typeof switching>[0] {
  const key = /^sec-websocket-key: (\S+)/im.exec(head)?.[1] ?? ''
  return { status: 0, text: head, headers: new Map([['sec-websocket-key', key]]) }
}
