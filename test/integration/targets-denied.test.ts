import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { DialAttempts } from '../support/dial-attempts.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { httpServer, rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { stubResolver } from '../support/stub-resolver.ts'
import { openWebSocket } from '../support/websocket-client.ts'

/** Names that resolve to where nobody may go. */
const names: Readonly<Record<string, readonly string[]>> = {
  'loopback.example': ['127.0.0.1'],
  'loopback6.example': ['::1'],
  localhost: ['127.0.0.1'],
  'localhost.': ['127.0.0.1'],
  'mapped.example': ['::ffff:127.0.0.1'],
  'metadata.example': ['169.254.169.254'],
  'link-local.example': ['fe80::1'],
  'unspecified.example': ['0.0.0.0'],
  'private.example': ['192.168.7.7'],
  'denied.example': ['10.9.0.1'],
  'several.example': ['127.0.0.1', '::1', '169.254.169.254'],
}

let trap: Peer
let asked: Peer
let attempts: DialAttempts
let running: RunningGateway
const resolved: string[] = []

beforeAll(async () => {
  trap = await rawServer((socket) => socket.end('trapped'))
  asked = await httpServer((request, response) => {
    const token = request.url?.slice('/'.length) ?? ''
    if (token === 'redirect') {
      response.writeHead(302, { location: `http://127.0.0.1:${trap.port}/${token}` }).end()
    } else {
      response.end(JSON.stringify({ host: decodeURIComponent(token), port: trap.port }))
    }
  })
  const bridge = (lookup: unknown, more = {}): unknown => ({
    targets: { from: 'query:token', lookup, deny: ['10.9.0.0/16', '*.evil.example'], ...more },
  })
  const http = { http: { url: `http://127.0.0.1:${asked.port}/{token}` } }
  running = await startGateway(
    {
      listeners: { edge: { bind: '127.0.0.1:0' } },
      routes: [
        {
          name: 'direct',
          match: { path: '/direct' },
          bridge: bridge('direct', { allow: ['0.0.0.0/0', '::/0', '*.example:1-65535'] }),
        },
        {
          name: 'narrow',
          match: { path: '/narrow' },
          bridge: bridge('direct', { allow: ['10.0.0.0/8:22,5900-5999', 'db.example:5432'] }),
        },
        { name: 'http', match: { path: '/http' }, bridge: bridge(http) },
      ],
    },
    {
      resolver: stubResolver((name) => {
        resolved.push(name)
        return names[name] ?? ['192.0.2.1']
      }),
    },
  )
})
beforeEach(() => {
  attempts = new DialAttempts()
  resolved.length = 0
})
afterEach(() => attempts.stop())
afterAll(() => {
  running.stop()
  trap.close()
  asked.close()
})

/** What the client is told, and every address that was dialled for it. */
async function open(path: string, target: string): Promise<{ told: string; dialled: string[] }> {
  const { status, body } = await openWebSocket(
    running.port(),
    `${path}?token=${encodeURIComponent(target)}`,
  )
  const dialled = attempts.except(running.port(), asked.port)
  return { told: `${status} ${body.trim().split('\n')[0]}`, dialled }
}

const spellings = [
  // Loopback.
  '127.0.0.1',
  '127.0.0.2',
  '127.255.255.254',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '::1',
  'localhost.',
  // IPv4 in other clothes.
  '127.1',
  '127.0.1',
  '2130706433',
  '017700000001',
  '0177.0.0.1',
  '0177.0.0.01',
  '0x7f.0.0.1',
  '0x7f000001',
  '0x7f.1',
  '127.0.0.1.',
  '127.000.000.001',
  '１２７.0.0.1',
  '127。0。0。1',
  // IPv6 that leads to IPv4.
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:127.0.0.1]',
  '[::127.0.0.1]',
  '[::7f00:1]',
  '[::ffff:0:127.0.0.1]',
  '[64:ff9b::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b:1::127.0.0.1]',
  '[2002:7f00:1::]',
  '[2002:7f00:0001::1]',
  '[2002:a9fe:a9fe::]',
  '[2001:0:7f00:1::]',
  '[fd00::5efe:127.0.0.1]',
  '[2001:db8::200:5efe:7f00:1]',
  '[::ffff:169.254.169.254]',
  '[64:ff9b::a9fe:a9fe]',
  '[::ffff:10.9.0.1]',
  '[64:ff9b::10.9.0.1]',
  // This host, link-local, multicast, reserved.
  '0.0.0.0',
  '0.0.0.1',
  '0',
  '[::]',
  '169.254.0.1',
  '[fe80::1]',
  '[fe80::1%eth0]',
  '[fe80::1%25eth0]',
  '224.0.0.1',
  '239.255.255.250',
  '[ff02::1]',
  '255.255.255.255',
  '240.0.0.1',
  '[fec0::1]',
  // Metadata.
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  '[fd00:ec2::254]',
  '[fd20:ce::254]',
  // Denied by the rules.
  '10.9.0.1',
  'x.evil.example',
  // No host at all.
  '',
  '[]',
  'a b',
  'user@127.0.0.1',
  'http://127.0.0.1',
  '127.0.0.1/',
  '127.0.0.1\0.example',
  '-',
  'a..example',
]

describe('whatever the client names', () => {
  test.each(spellings)(
    '%j is denied and never dialled, with every address allowed',
    async (host) => {
      const { told, dialled } = await open('/direct', `${host}:${trap.port}`)
      expect({ told, dialled }).toEqual({ told: '403 target-denied', dialled: [] })
    },
  )

  test.each(Object.keys(names).filter((name) => name !== 'private.example'))(
    '%s is denied for what it resolves to, and never dialled',
    async (name) => {
      const { told, dialled } = await open('/direct', `${name}:${trap.port}`)
      expect({ told, dialled }).toEqual({ told: '403 target-denied', dialled: [] })
      expect(resolved).toEqual([name])
    },
  )

  test.each([
    '10.0.0.1:23',
    '10.0.0.1:6000',
    '11.0.0.1:22',
    'db.example:5433',
    'sub.db.example:5432',
    'private.example:22',
    '[::ffff:11.0.0.1]:22',
    '[64:ff9b::10.0.0.1]:22',
    '10.0.0.1:0',
    '10.0.0.1:65536',
    '10.0.0.1:022',
    '10.0.0.1',
    ':22',
    'unix_socket:/run/docker.sock',
    'unix_socket:/run/../run/docker.sock',
  ])('%s is not in the list, and never dialled', async (target) => {
    const { told, dialled } = await open('/narrow', target)
    expect({ told, dialled }).toEqual({ told: '403 target-denied', dialled: [] })
  })
})

describe('whatever a lookup answers', () => {
  test.each(['127.0.0.1', 'localhost', '2130706433', '0177.0.0.1', '::ffff:127.0.0.1', '::1'])(
    '%s is denied and never dialled, without any rule',
    async (host) => {
      const { told, dialled } = await open('/http', host)
      expect({ told, dialled }).toEqual({ told: '403 target-denied', dialled: [] })
    },
  )

  test('a redirect is not followed', async () => {
    const { told, dialled } = await open('/http', 'redirect')
    expect({ told, dialled }).toEqual({ told: '502 target-unavailable', dialled: [] })
  })
})

test('the trap was never reached', () => {
  expect(trap.sockets.size).toBe(0)
})
