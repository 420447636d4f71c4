import { once } from 'node:events'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { configFromObject } from '../../src/config/load.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { rawServer, tcpEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'

let services: Record<string, Peer>
let gateway: RunningGateway

const routes = [
  { name: 'vnc', match: { path: '/vnc' }, bridge: 'vnc', protocol: 'vnc' },
  { name: 'ssh', match: { path: '/ssh' }, bridge: 'ssh', protocol: 'ssh' },
  { name: 'swapped', match: { path: '/swapped' }, bridge: 'ssh', protocol: 'vnc' },
  { name: 'leaving', match: { path: '/leaving' }, bridge: 'leaving', protocol: 'ssh' },
  { name: 'mqtt', match: { path: '/mqtt' }, bridge: 'echo', protocol: 'mqtt' },
  {
    name: 'own',
    match: { path: '/own' },
    bridge: 'echo',
    protocol: 'mqtt',
    subprotocols: ['ours'],
    timeouts: { idle: '7s' },
  },
]

beforeAll(async () => {
  services = {
    vnc: await rawServer((socket) => void socket.end('RFB 003.008\nframes')),
    ssh: await rawServer((socket) => void socket.write('SSH-2.0-test\r\n')),
    leaving: await rawServer((socket) => socket.end()),
    echo: await tcpEcho(),
  }
  gateway = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: Object.fromEntries(
      Object.entries(services).map(([name, { port }]) => [
        name,
        { servers: [`tcp://127.0.0.1:${port}`] },
      ]),
    ),
    routes,
  })
})

afterAll(() => {
  gateway.stop()
  for (const service of Object.values(services)) service.close()
})

async function open(path: string, protocols: readonly string[]): Promise<string | undefined> {
  const client = await RawClient.connect(gateway.port())
  client.send(upgradeHead(path, { 'Sec-WebSocket-Protocol': protocols.join(', ') }))
  const { status, headers } = await client.answer()
  client.destroy()
  return status === 101 ? headers.get('sec-websocket-protocol') : String(status)
}

test('what a service says first reaches the client, all of it and once', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${gateway.port()}/vnc`, ['binary'])
  let text = ''
  socket.on('message', (data: Buffer) => (text += data.toString()))
  await once(socket, 'close')
  expect(text).toBe('RFB 003.008\nframes')
})

test('another service at the port is a 502, and no session', async () => {
  expect(await open('/swapped', ['binary'])).toBe('502')
  await gateway.log.line('refused', { error: 'upstream-greeting', route: 'swapped', status: 502 })
  expect(gateway.log.lines.filter(({ route }) => route === 'swapped')).toHaveLength(1)
})

test('a service that leaves without a word is a 502 too', async () => {
  expect(await open('/leaving', ['binary'])).toBe('502')
  await gateway.log.line('refused', { error: 'upstream-lost', route: 'leaving' })
})

test.each([
  ['/ssh', ['binary'], 'binary'],
  ['/mqtt', ['mqtt'], 'mqtt'],
  ['/mqtt', ['mqttv3.1', 'mqtt'], 'mqttv3.1'],
  ['/mqtt', ['binary'], '400'],
  ['/own', ['mqtt', 'ours'], 'ours'],
])('%s, offered %j, answers %s', async (path, offered, answered) => {
  expect(await open(path, offered)).toBe(answered)
})

test('each protocol has its time to be idle, and what the route says wins', async () => {
  const timed = ['vnc', 'ssh', 'mqtt', 'redis', 'postgres', 'raw'].map((protocol) => ({
    name: protocol,
    bridge: 'echo',
    protocol,
  }))
  const { config } = await configFromObject(
    {
      listeners: { edge: { bind: '127.0.0.1:0' } },
      upstreams: { echo: { servers: ['tcp://127.0.0.1:1'] } },
      routes: [...timed, { ...routes.at(-1), bridge: 'echo' }],
      timeouts: { idle: '9s' },
    },
    { folder: '/' },
  )
  const hour = 3_600_000
  expect(config.routes.map(({ name, timeouts }) => [name, timeouts.idle])).toEqual([
    ['vnc', 12 * hour],
    ['ssh', 12 * hour],
    ['mqtt', hour / 2],
    ['redis', hour],
    ['postgres', hour],
    ['raw', 9_000],
    ['own', 7_000],
  ])
})

test('only a bridge has a protocol', async () => {
  const input = {
    listeners: { edge: { bind: '127.0.0.1:0' } },
    routes: [{ respond: { status: 204 }, protocol: 'ssh' }],
  }
  await expect(configFromObject(input, { folder: '/' })).rejects.toThrow(
    'routes[0].protocol: found it on a route without bridge, expected none',
  )
})
