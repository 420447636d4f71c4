import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'

/** Requests that the upstream has read and does not finish. */
const requests = {
  silent: 'GET /silent HTTP/1.1\r\nHost: localhost\r\n\r\n',
  begun: 'GET /begun HTTP/1.1\r\nHost: localhost\r\n\r\n',
  upgrade: upgradeHead('/upgrade'),
  upload: 'POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf',
}

let upstream: Peer
let running: RunningGateway
const arrived = new Map<string, () => void>()

beforeAll(async () => {
  upstream = await rawServer((socket: Socket) => {
    socket.on('end', () => socket.end())
    socket.on('data', (bytes: Buffer) => {
      const path = /^[A-Z]+ \/(\w+)/.exec(bytes.toString('latin1'))?.[1] ?? ''
      if (path === 'begun')
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n')
      arrived.get(path)?.()
    })
  })
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, { timeouts: { closing: '1s' } }),
  )
})
afterAll(() => {
  running.stop()
  upstream.close()
})

test('a drain answers what has no answer yet with 503, cuts what has begun, and tells of each', async () => {
  const clients = new Map<string, RawClient>()
  for (const [name, request] of Object.entries(requests)) {
    const seen = new Promise<void>((resolve) => {
      arrived.set(name, resolve)
    })
    const client = await RawClient.connect(running.port())
    client.send(request)
    await seen
    clients.set(name, client)
  }
  expect((await clients.get('begun')!.head()).status).toBe(200)
  await running.gateway.drain()
  for (const name of ['silent', 'upgrade', 'upload']) {
    expect(await clients.get(name)!.answer()).toMatchObject({ status: 503, body: 'draining\n' })
  }
  await clients.get('begun')!.closed()
  const told = running.log.lines
    .filter(({ msg }) => msg === 'refused' || msg === 'request')
    .map(({ msg, path, status, error }) => [msg, path, status, error].join(' '))
  expect(told.sort()).toEqual([
    'refused /silent 503 draining',
    'refused /upgrade 503 draining',
    'refused /upload 503 draining',
    'request /begun 200 draining',
  ])
  for (const client of clients.values()) client.destroy()
  for (const socket of upstream.sockets) await once(socket, 'close')
})
