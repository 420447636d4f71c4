import { createServer } from 'node:net'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { TargetsConfig } from '../../../../src/config/settled/targets.ts'
import { GatewayError } from '../../../../src/errors.ts'
import { parseTargetRule } from '../../../../src/config/target-rule.ts'
import { namedTarget } from '../../../../src/upstream/targets/stated-lookup.ts'
import { TargetDialer } from '../../../../src/upstream/targets/target-dialer.ts'
import type { TargetLookup } from '../../../../src/upstream/targets/target-lookup.ts'
import { DialAttempts } from '../../../support/dial-attempts.ts'
import { rawServer } from '../../../support/peers.ts'
import type { Peer } from '../../../support/peers.ts'
import { stubResolver } from '../../../support/stub-resolver.ts'

const calm = new AbortController().signal
let attempts: DialAttempts
let server: Peer
beforeEach(async () => {
  server = await rawServer((socket) => socket.resume())
  attempts = new DialAttempts()
})
afterEach(() => {
  attempts.stop()
  server.close()
})

interface Given {
  readonly allow?: readonly string[]
  readonly lookup?: TargetLookup
  readonly kind?: 'direct' | 'claims'
  readonly connectMs?: number
  readonly tls?: TargetsConfig['tls']
  /** What a name resolves to, at each asking. */
  readonly resolve?: (name: string) => readonly string[] | Promise<readonly string[]>
}

function dialer({
  allow,
  lookup = namedTarget,
  kind = 'direct',
  connectMs = 5_000,
  tls,
  resolve,
}: Given): TargetDialer {
  const config: TargetsConfig = {
    from: { kind: 'query', name: 'token' },
    lookup: { kind },
    ...(allow && { allow: allow.map((text) => parseTargetRule(text)!) }),
    deny: [],
    ...(tls && { tls }),
    timeouts: { connect: connectMs },
  }
  return new TargetDialer(config, { lookup, resolver: stubResolver(resolve ?? (() => [])) })
}

function dial(dialer: TargetDialer, token: string | undefined, signal = calm) {
  const headers = { all: () => [] }
  return dialer.dialTcp({ client: '192.0.2.9', scheme: 'http', query: '', headers, token }, signal)
}

test('dials what is listed, and says which', async () => {
  const {
    socket,
    server: name,
    lease,
  } = await dial(dialer({ allow: [`127.0.0.1:${server.port}`] }), `127.0.0.1:${server.port}`)
  expect([name, lease.server]).toEqual([`127.0.0.1:${server.port}`, `127.0.0.1:${server.port}`])
  expect(attempts.all).toEqual([`127.0.0.1 ${server.port}`])
  socket.destroy()
})

test('a mapped address is dialled as the IPv4 address that was checked', async () => {
  const { socket } = await dial(
    dialer({ allow: ['127.0.0.0/8'] }),
    `[::ffff:127.0.0.1]:${server.port}`,
  )
  expect(attempts.all).toEqual([`127.0.0.1 ${server.port}`])
  socket.destroy()
})

test('of the addresses of a name only those that are allowed are dialled', async () => {
  const targets = dialer({
    allow: [`127.0.0.1:${server.port}`],
    resolve: () => ['169.254.169.254', '::1', '10.0.0.1', '127.0.0.1', '127.0.0.2'],
  })
  const { socket } = await dial(targets, `name.example:${server.port}`)
  expect(attempts.all).toEqual([`127.0.0.1 ${server.port}`])
  socket.destroy()
})

test('a name whose answer changes between two look-ups is looked up once, and what was checked is dialled', async () => {
  const other = createServer().listen(server.port, '127.0.0.2')
  await once(other, 'listening')
  let trapped = 0
  other.on('connection', () => trapped++)
  let asked = 0
  const targets = dialer({
    allow: [`127.0.0.1:${server.port}`],
    resolve: () => [asked++ % 2 === 0 ? '127.0.0.1' : '127.0.0.2'],
  })
  const outcomes: string[] = []
  for (let round = 0; round < 1_000; round++) {
    try {
      const { socket } = await dial(targets, `rebinding.example:${server.port}`)
      outcomes.push(String(socket.remoteAddress))
      socket.resetAndDestroy()
    } catch (error) {
      outcomes.push((error as { token: string }).token)
    }
  }
  expect(asked).toBe(1_000)
  expect(new Set(outcomes.filter((_, round) => round % 2 === 0))).toEqual(new Set(['127.0.0.1']))
  expect(new Set(outcomes.filter((_, round) => round % 2 === 1))).toEqual(
    new Set(['target-denied']),
  )
  expect(new Set(attempts.all)).toEqual(new Set([`127.0.0.1 ${server.port}`]))
  expect(trapped).toBe(0)
  other.close()
})

test.each([undefined, ''])('a request without a token is target-unknown: %j', async (token) => {
  await expect(dial(dialer({ allow: ['10.0.0.0/8'] }), token)).rejects.toMatchObject({
    token: 'target-unknown',
  })
})

test('a token that nobody knows is target-unknown', async () => {
  const targets = dialer({ lookup: { find: async () => undefined } })
  await expect(dial(targets, 'x')).rejects.toMatchObject({ token: 'target-unknown' })
})

test('a name that takes too long to resolve is upstream-timeout, within the time to connect', async () => {
  const targets = dialer({
    allow: ['0.0.0.0/0'],
    connectMs: 30,
    resolve: () => new Promise(() => undefined),
  })
  await expect(dial(targets, 'slow.example:22')).rejects.toMatchObject({
    token: 'upstream-timeout',
  })
})

test('who has gone waits for nothing', async () => {
  const gone = new AbortController()
  const targets = dialer({ allow: ['0.0.0.0/0'], resolve: () => new Promise(() => undefined) })
  const dialing = dial(targets, 'slow.example:22', gone.signal)
  gone.abort(new Error('gone'))
  await expect(dialing).rejects.toThrow('gone')
})

test('a unix socket is dialled where it is listed, and nowhere else', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'targets-'))
  const unix = createServer((socket) => socket.pipe(socket)).listen(join(folder, 'vnc'))
  await once(unix, 'listening')
  // It stays on this machine: TLS is for the others.
  const targets = dialer({ allow: [`unix:${folder}/*`], tls: { verify: true } })
  const { socket, server: name } = await dial(targets, `unix_socket:${folder}/vnc`)
  expect(name).toBe(`unix:${folder}/vnc`)
  socket.write('plain')
  expect(String((await once(socket, 'data'))[0])).toBe('plain')
  socket.destroy()
  for (const path of ['/elsewhere', `${folder}/../vnc`, `${folder}/x/vnc`, `${folder}//vnc`]) {
    await expect(dial(targets, `unix_socket:${path}`)).rejects.toMatchObject({
      token: 'target-denied',
    })
  }
  unix.close()
  await rm(folder, { recursive: true })
})

test('a name that no entry could allow is denied, and not looked up', async () => {
  const asked: string[] = []
  const targets = dialer({
    allow: [`*.example:${server.port}`, '10.0.0.1:22'],
    resolve: (name) => {
      asked.push(name)
      return ['127.0.0.1']
    },
  })
  for (const token of [`name.other:${server.port}`, 'name.example:23']) {
    await expect(dial(targets, token)).rejects.toMatchObject({ token: 'target-denied' })
  }
  expect(asked).toEqual([])
  await expect(dial(targets, 'name.example:22')).rejects.toMatchObject({ token: 'target-denied' })
  expect(asked).toEqual(['name.example'])
})

test.each([
  ['a client', 'direct', 'target-denied'],
  ['a lookup', 'claims', 'upstream-unresolved'],
] as const)('a name that is none, said by %s, is refused', async (_, kind, token) => {
  const targets = dialer({
    allow: ['10.0.0.0/8'],
    kind,
    resolve: () => Promise.reject(new GatewayError('upstream-unresolved', 'no.example: ENOTFOUND')),
  })
  await expect(dial(targets, 'no.example:22')).rejects.toMatchObject({ token })
})
