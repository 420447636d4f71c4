import { readFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { DnsServer } from '../support/dns-server.ts'
import { fullListener } from '../support/full-listener.ts'
import { bridgeTo, proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { ownResolver } from '../support/own-resolver.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream, Script } from '../support/recording-upstream.ts'
import { deadPort, Scratch } from '../support/scratch.ts'

const scratch = new Scratch()
const closers: (() => void)[] = []
/** Knows no name at all. */
let dns: DnsServer
beforeAll(async () => {
  dns = await DnsServer.start()
})

async function upstreamOf(
  ...parts: Parameters<typeof recordingUpstream>
): Promise<RecordingUpstream> {
  const upstream = await recordingUpstream(...parts)
  closers.push(() => upstream.close())
  return upstream
}

async function gatewayOf(config: Record<string, unknown>): Promise<RunningGateway> {
  const running = await startGateway(config, { resolver: ownResolver(dns) })
  closers.push(() => running.stop())
  return running
}

afterEach(() => {
  for (const close of closers.splice(0)) close()
})
afterAll(() => {
  dns.stop()
  scratch.remove()
})

const requests = {
  upgrade: upgradeHead('/'),
  get: 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  post: 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nform',
}

/**
 * The status and token that an upgrade and plain requests get, which must be the same; all is
 * forgotten behind them.
 */
async function outcome(running: RunningGateway, kinds = Object.values(requests)): Promise<string> {
  const outcomes = new Set<string>()
  for (const request of kinds) {
    const client = await RawClient.connect(running.port())
    client.send(request)
    const { status, body } = await client.answer()
    outcomes.add(`${status} ${body.trim()}`)
    client.destroy()
  }
  return [...outcomes].join(' | ')
}

/** An upstream that has a moment to accept. */
function impatient(server: string): Record<string, unknown> {
  return { servers: [server], timeouts: { connect: '200ms' } }
}

function answering(body: string): Script {
  return (connection) =>
    connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\n${body}`)
}

describe('an upstream that cannot be reached', () => {
  test('because nobody listens there', async () => {
    const running = await gatewayOf(proxyTo(`http://127.0.0.1:${deadPort}`))
    expect(await outcome(running)).toBe('502 upstream-unreachable')
  })

  test('because its unix socket is missing, or is none', async () => {
    for (const path of [`${scratch.path}/missing`, scratch.write('file', '')]) {
      const running = await gatewayOf(proxyTo(`unix:${path}`))
      expect(await outcome(running)).toBe('502 upstream-unreachable')
    }
  })

  test.each(['nobody.invalid', 'a.b.c.invalid', `${'a'.repeat(63)}.invalid`])(
    'because its name leads nowhere: %s',
    async (name) => {
      const running = await gatewayOf(proxyTo(`http://${name}:80`))
      expect(await outcome(running)).toBe('502 upstream-unresolved')
      const bridge = await gatewayOf(bridgeTo(`tcp://${name}:80`))
      expect(await outcome(bridge, [requests.upgrade])).toBe('502 upstream-unresolved')
    },
  )

  test('because it accepts nothing in time', async () => {
    const { port, close } = await fullListener()
    closers.push(close)
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: { app: impatient(`http://127.0.0.1:${port}`) },
    })
    expect(await outcome(running)).toBe('504 upstream-timeout')
    const bridge = await gatewayOf({
      ...bridgeTo(''),
      upstreams: { backend: impatient(`tcp://127.0.0.1:${port}`) },
    })
    expect(await outcome(bridge, [requests.upgrade])).toBe('504 upstream-timeout')
  })

  test('is refused to a bridge as well', async () => {
    const running = await gatewayOf(bridgeTo(`tcp://127.0.0.1:${deadPort}`))
    expect(await outcome(running, [requests.upgrade])).toBe('502 upstream-unreachable')
  })
})

describe('an upstream that is silent', () => {
  const silences: readonly (readonly [name: string, bytes: string])[] = [
    ['from the start', ''],
    ['inside its status line', 'HTTP/1.1 1'],
    ['inside its head', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n'],
    ['behind an interim answer', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'],
    ['behind 100 Continue', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ]
  test.each(silences)('gets 504: %s', async (_, bytes) => {
    const script: Script = (connection) => connection.send(bytes)
    const upstream = await upstreamOf(script)
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: {
        app: {
          servers: [`http://127.0.0.1:${upstream.port}`],
          timeouts: { handshake: '150ms', response: '150ms' },
        },
      },
    })
    expect(await outcome(running)).toBe('504 upstream-timeout')
    for (const connection of upstream.connections) await connection.gone
    expect(upstream.connections).toHaveLength(3)
  })

  test('and one that drips bytes has no more time than the others', async () => {
    const upstream = await upstreamOf((connection) => {
      const timer = setInterval(() => connection.send('X: y\r\n'), 20)
      connection.socket.once('close', () => clearInterval(timer))
      connection.send('HTTP/1.1 200 OK\r\n')
    })
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: {
        app: {
          servers: [`http://127.0.0.1:${upstream.port}`],
          timeouts: { handshake: '300ms', response: '300ms' },
        },
      },
    })
    expect(await outcome(running)).toBe('504 upstream-timeout')
  })

  test('for a while only is waited for', async () => {
    const upstream = await upstreamOf((connection) => {
      setTimeout(
        () =>
          connection.send(
            'HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno',
          ),
        100,
      )
    })
    const running = await gatewayOf(proxyTo(`http://127.0.0.1:${upstream.port}`))
    expect(await outcome(running)).toBe('404 no')
  })
})

describe('several servers', () => {
  test('are taken in turn', async () => {
    const ports = [
      (await upstreamOf(answering('a'))).port,
      (await upstreamOf(answering('b'))).port,
      (await upstreamOf(answering('c'))).port,
    ]
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: { app: { servers: ports.map((port) => `http://127.0.0.1:${port}`) } },
    })
    let seen = ''
    for (let i = 0; i < 3; i++) {
      for (const request of [requests.get, requests.upgrade]) {
        seen += (await outcome(running, [request])).slice(-1)
      }
    }
    expect(seen).toBe('abcabc')
  })

  test('of which one is dead are all served by the others', async () => {
    const alive = await upstreamOf()
    const dead = `http://127.0.0.1:${deadPort}`
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: {
        app: { servers: [dead, `http://127.0.0.1:${alive.port}`, 'http://nobody.invalid'] },
      },
    })
    for (let i = 0; i < 6; i++) {
      expect(await outcome(running, [requests.get])).toBe('200 ok')
      const client = await RawClient.connect(running.port())
      client.send(requests.upgrade)
      expect((await client.head()).status).toBe(101)
      client.destroy()
    }
    expect(alive.connections).toHaveLength(12)
    const line = await running.log.line('session opened')
    expect(line['upstream']).toBe(`http://127.0.0.1:${alive.port}`)
  })

  test('that are all dead are told by the last of them', async () => {
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: {
        app: { servers: ['http://nobody.invalid', `http://127.0.0.1:${deadPort}`] },
      },
    })
    expect(await outcome(running, [requests.get])).toBe('502 upstream-unreachable')
  })

  test('of which one has answered badly are not asked in its place', async () => {
    const bad = await upstreamOf((connection) => connection.send('SSH-2.0-OpenSSH_9.2p1\r\n\r\n'))
    const other = await upstreamOf()
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: { app: { servers: [bad, other].map(({ port }) => `http://127.0.0.1:${port}`) } },
    })
    expect(await outcome(running, [requests.upgrade])).toBe('502 upstream-invalid')
    expect(other.connections).toEqual([])
  })
})

describe('an upstream on TLS', () => {
  let files: { ca: string; cert: string; key: string }
  let caFile: string
  let pair: { cert: string; key: string }

  beforeAll(async () => {
    files = await scratch.certificate(['app.example'])
    caFile = scratch.write('ca.crt', files.ca)
    pair = { cert: readFileSync(files.cert, 'utf8'), key: readFileSync(files.key, 'utf8') }
  })

  const tlsCases: readonly (readonly [
    name: string,
    tls: () => Record<string, unknown>,
    status: string,
  ])[] = [
    ['of an authority nobody knows', () => ({}), '502 upstream-tls'],
    ['of another name', () => ({ ca: caFile }), '502 upstream-tls'],
    [
      'of another name than is asked for',
      () => ({ ca: caFile, servername: 'other.example' }),
      '502 upstream-tls',
    ],
    ['of the name that is asked for', () => ({ ca: caFile, servername: 'app.example' }), '200 ok'],
    ['that is not looked at', () => ({ verify: false }), '200 ok'],
    [
      'of another authority',
      () => ({ ca: files.cert, servername: 'other.example' }),
      '502 upstream-tls',
    ],
  ]
  test.each(tlsCases)('with a certificate %s', async (_, tls, status) => {
    const upstream = await upstreamOf(undefined, pair)
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: { app: { servers: [`https://127.0.0.1:${upstream.port}`], tls: tls() } },
    })
    expect(await outcome(running, [requests.get, requests.post])).toBe(status)
    const client = await RawClient.connect(running.port())
    client.send(requests.upgrade)
    expect((await client.head()).status).toBe(status.startsWith('200') ? 101 : 502)
    client.destroy()
    const bridge = await gatewayOf({
      ...bridgeTo(''),
      upstreams: { backend: { servers: [`tls://127.0.0.1:${upstream.port}`], tls: tls() } },
    })
    const bridged = await RawClient.connect(bridge.port())
    bridged.send(requests.upgrade)
    expect((await bridged.head()).status).toBe(status.startsWith('200') ? 101 : 502)
    bridged.destroy()
  })

  test('that speaks plain text', async () => {
    const upstream = await upstreamOf((connection) => connection.send('HTTP/1.1 200 OK\r\n\r\n'))
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: {
        app: { servers: [`https://127.0.0.1:${upstream.port}`], timeouts: { connect: '500ms' } },
      },
    })
    // It reads a ClientHello, waits for the end of a head and never answers.
    expect(await outcome(running, [requests.get])).toBe('504 upstream-timeout')
  })

  test('that hangs up on the first byte', async () => {
    const upstream = await upstreamOf()
    const running = await gatewayOf({
      ...proxyTo(''),
      upstreams: { app: { servers: [`https://127.0.0.1:${upstream.port}`] } },
    })
    const asked = outcome(running, [requests.upgrade])
    const behind = await upstream.connection(0)
    await behind.take(1)
    behind.socket.end('220 ready\r\n')
    expect(await asked).toBe('502 upstream-tls')
  })
})
