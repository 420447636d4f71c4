import { writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import { hashSync } from 'bcrypt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { TestAuthority } from '../support/client-certs.ts'
import type { Pair } from '../support/client-certs.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { Scratch } from '../support/scratch.ts'
import { closeOf, openWebSocket } from '../support/websocket-client.ts'

const scratch = new Scratch()
const devices = new TestAuthority('devices')
const others = new TestAuthority('others')
const ca = scratch.write('devices.crt', devices.cert)
const htpasswd = scratch.write('htpasswd', `ada:${hashSync('secret', 4)}\n`)
const basic = `Basic ${Buffer.from('ada:secret').toString('base64')}`
const device = devices.issue({
  subject: [
    ['O', 'Example'],
    ['CN', 'device-7'],
  ],
})
const service = devices.issue({
  subject: [['CN', 'service']],
  names: [{ type: 6, value: 'spiffe://example/chat' }],
})
const laptop = devices.issue({ subject: [['CN', 'laptop-7']] })
const stranger = others.issue({ subject: [['CN', 'device-7']] })

let server: { cert: string; key: string }
let upstream: NotingUpstream
let running: RunningGateway

beforeAll(async () => {
  server = await scratch.certificate(['localhost'])
  upstream = await notingUpstream()
})
beforeEach(() => {
  upstream.requests.length = 0
  writeFileSync(ca, devices.cert)
})
afterEach(() => running.stop())
afterAll(() => {
  upstream.close()
  scratch.remove()
})

async function start(required = false, more: Record<string, unknown> = {}): Promise<void> {
  const { cert, key } = server
  running = await startGateway({
    listeners: {
      edge: {
        bind: '127.0.0.1:0',
        tls: { certificates: [{ cert, key }], clientCertificate: { ca, required } },
      },
    },
    identity: { headers: { 'x-user': 'subject', 'x-name': 'name' } },
    authenticators: {
      devices: { certificate: { subjects: ['CN=device-*'], sans: ['URI:spiffe://example/*'] } },
      staff: { basic: { htpasswd } },
    },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [
      { name: 'open', match: { path: '/open' }, proxy: 'app' },
      { name: 'either', match: { path: '/either' }, proxy: 'app', auth: ['devices', 'staff'] },
      { name: 'main', proxy: 'app', auth: 'devices' },
    ],
    ...more,
  })
}

interface Answered {
  readonly status: number
  readonly body: string
  readonly challenge: string | undefined
}

/** A plain request on a connection of its own. */
async function ask(tls: ConnectionOptions, path = '/', lines: string[] = []): Promise<Answered> {
  const client = await RawClient.connect(running.port(), { tls })
  client.send([`GET ${path} HTTP/1.1`, 'Host: localhost', ...lines, '', ''].join('\r\n'))
  const { status, body, headers } = await client.answer()
  client.socket.destroy()
  return { status, body, challenge: headers.get('www-authenticate') }
}

const origin = (): { Origin: string } => ({ Origin: `https://127.0.0.1:${running.port()}` })

describe('a certificate that fits', () => {
  test.each([
    ['a subject', device, 'CN=device-7,O=Example', 'device-7'],
    ['an alternative name', service, 'URI:spiffe://example/chat', 'service'],
  ])('lets pass by %s, and the upstream learns who it is', async (_, pair, user, name) => {
    await start()
    const lines = ['X-User: root', 'x-name: root', 'Connection: x-user']
    expect(await ask(pair, '/', lines)).toMatchObject({ status: 200 })
    const [request] = upstream.requests
    expect(request!.all('x-user')).toEqual([user])
    expect(request!.all('x-name')).toEqual([name])
    expect(JSON.stringify(request!.rawHeaders)).not.toContain('root')
  })

  test('opens a session that knows who it is', async () => {
    await start()
    const { status, socket } = await openWebSocket(running.port(), '/', {
      tls: device,
      headers: origin(),
    })
    expect(status).toBe(101)
    socket!.close(1000)
    expect(await running.log.line('session closed')).toMatchObject({
      identity: 'CN=device-7,O=Example',
    })
  })

  test('is sent by browsers unasked, so that a page has to say where it is from', async () => {
    await start()
    const asks = [{}, { Origin: 'https://evil.example' }]
    for (const headers of asks) {
      const { status, body } = await openWebSocket(running.port(), '/', { tls: device, headers })
      expect({ status, body }).toEqual({ status: 403, body: 'origin-denied\n' })
    }
    expect(upstream.requests).toEqual([])
  })

  test('ends its session when it ends itself', async () => {
    await start()
    const short = devices.issue({ subject: [['CN', 'device-8']], until: 3000 })
    const { socket } = await openWebSocket(running.port(), '/', { tls: short, headers: origin() })
    expect(await closeOf(socket!)).toBe('3000 session-expired')
  })

  test('is not good for another request once it has ended, on the same connection either', async () => {
    await start()
    const short = devices.issue({ subject: [['CN', 'device-9']], until: 2000 })
    const client = await RawClient.connect(running.port(), { tls: short })
    const get = async (): Promise<number> => {
      client.send('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
      return (await client.answer()).status
    }
    expect(await get()).toBe(200)
    let status = 200
    while (status === 200) status = await get()
    expect(status).toBe(401)
    client.socket.destroy()
  })
})

describe('whoever has none that counts', () => {
  test.each([
    ['none', {}, 'credentials-missing\n'],
    ['one of another authority', stranger, 'credentials-missing\n'],
    ['one that fits no pattern', laptop, 'credentials-invalid\n'],
  ])('gets a 401: %s', async (_, pair, body) => {
    await start()
    expect(await ask(pair)).toMatchObject({ status: 401, body })
    const opened = await openWebSocket(running.port(), '/', { tls: pair, headers: origin() })
    expect(opened).toMatchObject({ status: 401, body })
    expect(upstream.requests).toEqual([])
  })

  test.each([
    ['none', {}],
    ['one of another authority', stranger],
    ['one that fits no pattern', laptop],
  ])('may pass by another method of the route: %s', async (_, pair) => {
    await start()
    const answer = await ask(pair, '/either', [`Authorization: ${basic}`])
    expect(answer).toMatchObject({ status: 200 })
    expect(upstream.requests[0]!.all('x-user')).toEqual(['ada'])
    expect(upstream.requests[0]!.all('authorization')).toEqual([])
  })

  test('is told of the other method', async () => {
    await start()
    expect(await ask(laptop, '/either')).toMatchObject({
      status: 401,
      challenge: 'Certificate realm="devices", Basic realm="drawbridge", charset="UTF-8"',
    })
  })

  test('cannot claim one in a header', async () => {
    await start()
    const lines = ['X-Client-Cert: x', 'X-Forwarded-Client-Cert: Subject="CN=device-7"']
    expect(await ask({}, '/', lines)).toMatchObject({ status: 401 })
  })

  test('passes where the route does not ask', async () => {
    await start()
    expect(await ask(stranger, '/open')).toMatchObject({ status: 200 })
    expect(upstream.requests[0]!.all('x-user')).toEqual([])
  })
})

test('a certificate that is required is asked for before any request, and the refusal is told', async () => {
  await start(true)
  for (const [pair, token] of [
    [{}, 'credentials-missing'],
    [stranger, 'credentials-invalid'],
  ] as const) {
    expect(await bytesOf(pair, 'GET /open HTTP/1.1\r\nHost: localhost\r\n\r\n')).toBe('')
    expect(await running.log.line('refused', { error: token })).toMatchObject({ listener: 'edge' })
  }
  expect(await ask(device, '/open')).toMatchObject({ status: 200 })
})

/** What comes for these bytes until the connection ends, be it by an alert. */
async function bytesOf(pair: Partial<Pair>, bytes: string): Promise<string> {
  const socket = connect({
    port: running.port(),
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...pair,
  })
  let got = ''
  socket.on('error', () => undefined)
  socket.on('data', (chunk: Buffer) => (got += chunk.toString('latin1')))
  socket.once('secureConnect', () => socket.write(bytes))
  await new Promise<void>((closed) => {
    socket.once('close', () => closed())
  })
  return got
}

describe('a reload', () => {
  test('takes up other authorities for the connections to come', async () => {
    await start()
    expect(await ask(device)).toMatchObject({ status: 200 })
    writeFileSync(ca, others.cert)
    await running.gateway.reloadCertificates()
    expect(await ask(device)).toMatchObject({ status: 401 })
    expect(await ask(stranger)).toMatchObject({ status: 200 })
  })

  test.each([
    ['empty', ''],
    ['garbage', 'devices'],
    ['half written', devices.cert.slice(0, 500)],
  ])('keeps the old authorities where the file is %s, and says so', async (_, content) => {
    await start()
    writeFileSync(ca, content)
    await running.gateway.reloadCertificates()
    expect(await running.log.line('certificates not reloaded, the old ones stay')).toMatchObject({
      listener: 'edge',
      detail: expect.stringContaining(ca),
    })
    expect(await ask(device)).toMatchObject({ status: 200 })
    expect(await ask(stranger)).toMatchObject({ status: 401 })
  })
})
