import { EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { AnswerHead, AnswerSink, HttpRequest } from '../../../src/upstream/http-request.ts'
import type { UpstreamPool } from '../../../src/upstream/pool.ts'
import { DnsServer } from '../../support/dns-server.ts'
import { ownResolver } from '../../support/own-resolver.ts'
import { httpServer, rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { anyone, calm, movable, untilNoSockets, upstreamOf } from './upstreams.ts'

/** Knows no name at all. */
let dns: DnsServer
beforeAll(async () => {
  dns = await DnsServer.start()
})
afterAll(() => dns.stop())

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

async function named(name: string): Promise<Peer> {
  const peer = await httpServer((request, response) => {
    response.end(`${name} ${request.headers.host}`)
  })
  peers.push(peer)
  return peer
}

/** Collects an answer as text. */
class Collected implements AnswerSink {
  body = ''
  server = ''
  head({ server }: AnswerHead): void {
    this.server = server
  }
  data(chunk: Buffer): boolean {
    this.body += chunk.toString()
    return true
  }
  end(): void {
    this.body += '.'
  }
}

const request: HttpRequest = {
  method: 'GET',
  target: '/',
  headers: ['Host', 'app.example'],
  body: undefined,
  contentLength: undefined,
}

async function ask(pool: UpstreamPool, headers = request.headers): Promise<string> {
  const sink = new Collected()
  await pool.request({ ...request, headers }, sink, { facts: anyone, stallMs: 1_000, signal: calm })
  return sink.body
}

test('servers are taken in turn', async () => {
  const all = await Promise.all([named('a'), named('b'), named('c')])
  const pool = upstreamOf(all.map(({ port }) => `http://127.0.0.1:${port}`))
  const answers: string[] = []
  for (let count = 0; count < 6; count++) answers.push((await ask(pool))[0]!)
  expect(answers.join('')).toBe('abcabc')
  pool.destroy()
})

test('a server that cannot be connected to is passed over', async () => {
  const { port } = await named('a')
  const servers = ['http://127.0.0.1:1', `http://127.0.0.1:${port}`, 'http://nowhere.invalid']
  const pool = upstreamOf(servers, {}, ownResolver(dns))
  for (let count = 0; count < 4; count++) expect(await ask(pool)).toBe('a app.example.')
  pool.destroy()
})

test('the last failure is told where no server can be connected to', async () => {
  const servers = ['http://nowhere.invalid', 'http://127.0.0.1:1']
  const pool = upstreamOf(servers, {}, ownResolver(dns))
  await expect(ask(pool)).rejects.toMatchObject({ token: 'upstream-unreachable' })
  await expect(ask(pool)).rejects.toMatchObject({ token: 'upstream-unresolved' })
})

test('what was written to one server is not written to another', async () => {
  let count = 0
  const breaking = await rawServer((socket) => {
    socket.once('data', () => {
      count++
      socket.resetAndDestroy()
    })
  })
  peers.push(breaking)
  const { port } = await named('a')
  const pool = upstreamOf([`http://127.0.0.1:${breaking.port}`, `http://127.0.0.1:${port}`])
  await expect(ask(pool)).rejects.toMatchObject({ token: 'upstream-lost' })
  expect(count).toBe(1)
})

test('a handshake that was written to one server is not written to another', async () => {
  let handshakes = 0
  const breaking = await rawServer((socket) => {
    socket.once('data', () => socket.resetAndDestroy())
  })
  const other = await rawServer((socket) => {
    socket.once('data', () => handshakes++)
  })
  peers.push(breaking, other)
  const pool = upstreamOf([`http://127.0.0.1:${breaking.port}`, `http://127.0.0.1:${other.port}`])
  const offer = { target: '/', headers: ['Host', 'x'], protocols: [], extensions: [] }
  await expect(pool.dialWebSocket(offer, anyone, calm)).rejects.toMatchObject({
    token: 'upstream-lost',
  })
  expect(handshakes).toBe(0)
  expect(pool.report().servers).toMatchObject([
    { live: 0, picks: 1 },
    { live: 0, picks: 0 },
  ])
})

test('what a kept connection lost is asked again of the same server, in the same place', async () => {
  const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
  let [connections, requests] = [0, 0]
  const peer = await rawServer((socket) => {
    connections++
    socket.on('data', () => {
      requests++
      if (requests === 2) socket.destroy()
      else socket.write(answer)
    })
  })
  const other = await named('other')
  peers.push(peer)
  const url = `http://127.0.0.1:${peer.port}`
  const pool = upstreamOf([url, `http://127.0.0.1:${other.port}`])
  // The other has its turn in between.
  expect(await ask(pool)).toBe('ok.')
  await ask(pool)
  expect(await ask(pool)).toBe('ok.')
  expect({ connections, requests }).toEqual({ connections: 2, requests: 3 })
  expect(pool.report().servers).toMatchObject([
    { server: url, picks: 2, live: 0 },
    { picks: 1, live: 0 },
  ])
  pool.destroy()
})

/** Two servers with one port: one at 127.0.0.1, the other at 127.0.0.2. */
async function twoAtOnePort(answer: (name: string, response: ServerResponse) => void) {
  const a = await httpServer((_, response) => answer('a', response))
  peers.push(a)
  const b = createServer((_, response) => answer('b', response)).listen(a.port, '127.0.0.2')
  await once(b, 'listening')
  peers.push({
    port: a.port,
    sockets: new Set(),
    close: () => {
      b.close()
      b.closeAllConnections()
    },
  })
  return a
}

test('a name that leads elsewhere is followed, though connections to where it led are kept', async () => {
  const a = await twoAtOnePort((name, response) => response.end(name))
  const { resolver, move } = movable('127.0.0.1')
  const pool = upstreamOf([`http://app.internal:${a.port}`], {}, resolver)
  expect(await ask(pool)).toBe('a.')
  const closed = once([...a.sockets][0]!, 'close')
  move('127.0.0.2')
  expect(await ask(pool)).toBe('b.')
  await closed
  pool.destroy()
})

test('a connection on its way while its name leads elsewhere is used once, and not kept', async () => {
  const a = await twoAtOnePort((name, response) => response.end(name))
  const { resolver, move } = movable('127.0.0.1')
  const pool = upstreamOf([`http://app.internal:${a.port}`], {}, resolver)
  const answer = ask(pool)
  // By now the connect has begun; that it has succeeded is told by the event loop, later.
  await new Promise((resolve) => process.nextTick(resolve))
  move('127.0.0.2')
  expect(await answer).toBe('a.')
  expect(await ask(pool)).toBe('b.')
  await untilNoSockets(a)
  pool.destroy()
})

test('a connection that is busy while its name leads elsewhere ends its answer, and is not kept', async () => {
  const held: ServerResponse[] = []
  const events = new EventEmitter()
  const a = await twoAtOnePort((name, response) => {
    if (name === 'b') response.end(name)
    else events.emit('held', held.push(response))
  })
  const { resolver, move } = movable('127.0.0.1')
  const pool = upstreamOf([`http://app.internal:${a.port}`], {}, resolver)
  const arrived = once(events, 'held')
  const answer = ask(pool)
  await arrived
  move('127.0.0.2')
  held[0]!.end('a')
  expect(await answer).toBe('a.')
  expect(await ask(pool)).toBe('b.')
  await untilNoSockets(a)
  pool.destroy()
})

test("the server's own name is sent as Host where the client's is not kept, or there is none", async () => {
  const { port } = await named('a')
  const url = `http://127.0.0.1:${port}`
  expect(await ask(upstreamOf([url], { preserveHost: false }))).toBe(`a 127.0.0.1:${port}.`)
  expect(await ask(upstreamOf([url]), [])).toBe(`a 127.0.0.1:${port}.`)
})

test('close waits for answers on their way, and closes what is idle', async () => {
  const events = new EventEmitter()
  const peer = await httpServer((_request, response) => void events.emit('asked', response))
  peers.push(peer)
  const pool = upstreamOf([`http://127.0.0.1:${peer.port}`])
  const arrived = once(events, 'asked') as Promise<[ServerResponse]>
  const asked = ask(pool)
  const [response] = await arrived
  const closed = pool.close()
  response.end('late')
  expect(await asked).toBe('late.')
  await closed
  await untilNoSockets(peer)
})

test('destroy ends answers on their way', async () => {
  const peer = await rawServer((socket) => {
    socket.once('data', () => pool.destroy())
  })
  peers.push(peer)
  const pool = upstreamOf([`http://127.0.0.1:${peer.port}`])
  await expect(ask(pool)).rejects.toMatchObject({ token: 'draining' })
  await untilNoSockets(peer)
})

test('an authority file that cannot be read is told at once', () => {
  expect(() => upstreamOf(['https://127.0.0.1'], { tls: { ca: '/nowhere/ca.crt' } })).toThrow(
    /ENOENT/,
  )
})
