import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { DnsServer } from '../support/dns-server.ts'
import { startGateway } from '../support/gateway.ts'
import { ownResolver } from '../support/own-resolver.ts'
import { freePort } from '../support/scratch.ts'

// The same port at three addresses of this machine: three servers behind one name.
const addresses = ['127.0.0.2', '127.0.0.3', '127.0.0.4'] as const
let dns: DnsServer
let port: number
let servers: Server[]
/** The addresses that were connected to. */
let reached: string[] = []

beforeAll(async () => {
  dns = await DnsServer.start()
  port = await freePort()
  servers = await Promise.all(
    addresses.map(async (address) => {
      const server = createServer((socket: Socket) => {
        reached.push(address)
        socket.on('error', () => undefined).end(address)
      }).listen(port, address)
      await once(server, 'listening')
      return server
    }),
  )
})
beforeEach(() => {
  dns.mode = 'answers'
  dns.asked.length = 0
  dns.zones.clear()
  reached = []
})
afterAll(() => {
  for (const server of servers) server.close()
  dns.stop()
})

async function gatewayTo(server: string) {
  return await startGateway(
    {
      listeners: { edge: { bind: '127.0.0.1:0' } },
      upstreams: { app: { servers: [server] } },
      routes: [{ name: 'main', bridge: 'app' }],
    },
    { resolver: ownResolver(dns) },
  )
}

/** What the server says that a session has come to. */
async function visit(gateway: { port(): number }): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}/`)
  const [data] = (await once(socket, 'message')) as [Buffer]
  await once(socket, 'close')
  return data.toString()
}

/** Visits until what is reached, over six sessions, is as expected. */
async function untilReached(gateway: { port(): number }, expected: readonly string[]) {
  for (;;) {
    const found = new Set<string>()
    for (let session = 0; session < 6; session++) found.add(await visit(gateway))
    if ([...found].sort().join() === expected.join()) return
  }
}

test('every address of a name is a server; those that come and go are followed; a failing DNS changes nothing', async () => {
  dns.zones.set('app.example', { ttl: 1, records: ['127.0.0.2', '127.0.0.3'] })
  const gateway = await gatewayTo(`tcp://app.example:${port}`)
  await untilReached(gateway, ['127.0.0.2', '127.0.0.3'])
  dns.zones.set('app.example', { ttl: 1, records: ['127.0.0.3', '127.0.0.4'] })
  await untilReached(gateway, ['127.0.0.3', '127.0.0.4'])
  dns.mode = 'failure'
  dns.asked.length = 0
  while (dns.asked.length === 0) await untilReached(gateway, ['127.0.0.3', '127.0.0.4'])
  await untilReached(gateway, ['127.0.0.3', '127.0.0.4'])
  gateway.stop()
})

test('the first session does not wait for the background, and names the address in the log', async () => {
  dns.zones.set('app.example', { ttl: 60, records: ['127.0.0.2'] })
  const gateway = await gatewayTo(`tcp://app.example:${port}`)
  expect(await visit(gateway)).toBe('127.0.0.2')
  expect(await gateway.log.line('session opened')).toMatchObject({
    upstream: `tcp://app.example:${port}`,
  })
  gateway.stop()
})

test('a SRV record: its hosts and ports, by their weights', async () => {
  dns.zones.set('_app._tcp.example.com', {
    ttl: 60,
    records: [`0 2 ${port} a.example`, `0 1 ${port} b.example`, `9 1 ${port} c.example`],
  })
  dns.zones.set('a.example', { ttl: 60, records: ['127.0.0.2'] })
  dns.zones.set('b.example', { ttl: 60, records: ['127.0.0.3'] })
  dns.zones.set('c.example', { ttl: 60, records: ['127.0.0.4'] })
  const gateway = await gatewayTo('srv://_app._tcp.example.com')
  await untilReached(gateway, ['127.0.0.2', '127.0.0.3'])
  reached = []
  for (let session = 0; session < 6; session++) await visit(gateway)
  expect(reached.toSorted().join()).toBe(
    '127.0.0.2,127.0.0.2,127.0.0.2,127.0.0.2,127.0.0.3,127.0.0.3',
  )
  gateway.stop()
})
