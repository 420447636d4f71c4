import { once } from 'node:events'
import { createServer } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { DialedTcp } from '../../../src/upstream/upstream.ts'
import type { UpstreamPool } from '../../../src/upstream/pool.ts'
import { httpServer, rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { freePort } from '../../support/scratch.ts'
import { anyone, asks, calm, configOf, movable, upstreamOf } from './upstreams.ts'
import type { UpstreamSettings } from './upstreams.ts'

const peers: Peer[] = []
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  for (const peer of peers.splice(0)) peer.close()
})

/** URLs of servers that accept and say nothing. */
async function servers(count: number): Promise<string[]> {
  const made = Array.from({ length: count }, () => rawServer((socket) => socket.resume()))
  return (await Promise.all(made)).map((peer) => {
    peers.push(peer)
    return `tcp://127.0.0.1:${peer.port}`
  })
}

async function dial(pool: UpstreamPool, facts = anyone, signal = calm): Promise<DialedTcp> {
  const dialed = await pool.dialTcp(facts, signal)
  sockets.push(dialed.socket)
  return dialed
}

function live(pool: UpstreamPool): number[] {
  return pool.report().servers.map((server) => server.live)
}

const unavailable = { token: 'upstream-unavailable' }

describe('places', () => {
  test('one is taken until it is released, once', async () => {
    const pool = upstreamOf(await servers(2))
    const [first, second] = [await dial(pool), await dial(pool)]
    expect(live(pool)).toEqual([1, 1])
    first.lease.release()
    first.lease.release()
    expect(live(pool)).toEqual([0, 1])
    second.lease.release()
    expect(live(pool)).toEqual([0, 0])
  })

  test('dials in progress count, so that many at once spread', async () => {
    const pool = upstreamOf(await servers(3), { balance: 'least-connections' })
    await Promise.all(Array.from({ length: 30 }, () => dial(pool)))
    expect(live(pool)).toEqual([10, 10, 10])
  })

  test('a dial that fails or is given up leaves none taken', async () => {
    const [up] = await servers(1)
    const dead = `tcp://127.0.0.1:${await freePort()}`
    const pool = upstreamOf([dead, up!], { retries: 0 })
    await expect(dial(pool)).rejects.toMatchObject({ token: 'upstream-unreachable' })
    const leaving = new AbortController()
    const given = dial(pool, anyone, leaving.signal)
    leaving.abort('gone')
    await expect(given).rejects.toBe('gone')
    expect(live(pool)).toEqual([0, 0])
  })
})

describe('a server that cannot be connected to', () => {
  test.each([
    [0, 'upstream-unreachable'],
    [1, 'upstream-unreachable'],
    [2, undefined],
  ])('with %i retries behind two such: %s', async (retries, token) => {
    const [up] = await servers(1)
    const dead = [await freePort(), await freePort()].map((port) => `tcp://127.0.0.1:${port}`)
    const pool = upstreamOf([...dead, up!], { retries })
    if (token === undefined) expect((await dial(pool)).server).toBe(up)
    else await expect(dial(pool)).rejects.toMatchObject({ token })
    const { servers: told } = pool.report()
    expect(told.reduce((sum, server) => sum + server.connectFailures, 0)).toBe(
      Math.min(retries + 1, 2),
    )
  })

  test('each is tried once, however many retries there may be', async () => {
    const dead = [await freePort(), await freePort()].map((port) => `tcp://127.0.0.1:${port}`)
    const pool = upstreamOf(dead, { retries: 100 })
    await expect(dial(pool)).rejects.toMatchObject({ token: 'upstream-unreachable' })
    expect(pool.report().servers.map(({ picks }) => picks)).toEqual([1, 1])
  })

  test('its keys go where the hash has them next, and nobody else’s move', async () => {
    const urls = await servers(3)
    const pool = upstreamOf(urls, { balance: { hash: { kind: 'header', name: 'x-room' } } })
    const rooms = Array.from({ length: 40 }, (_, count) => asks(['X-Room', `room ${count}`]))
    const homes = await Promise.all(rooms.map(async (facts) => (await dial(pool, facts)).server))
    expect(new Set(homes)).toEqual(new Set(urls))
    peers[0]!.close()
    const after = await Promise.all(rooms.map(async (facts) => (await dial(pool, facts)).server))
    expect(after.filter((_, at) => homes[at] !== urls[0])).toEqual(
      homes.filter((home) => home !== urls[0]),
    )
    expect(after).not.toContain(urls[0])
  })
})

describe('maxConnections', () => {
  test('a full server is passed over, and where all are full nobody gets in', async () => {
    const pool = upstreamOf(await servers(2), { maxConnections: 2 })
    const dialed = [await dial(pool), await dial(pool), await dial(pool), await dial(pool)]
    await expect(dial(pool)).rejects.toMatchObject(unavailable)
    dialed[3]!.lease.release()
    expect((await dial(pool)).server).toBe(dialed[3]!.server)
  })

  test('connections that are kept for requests make room for sessions', async () => {
    const peer = await httpServer((_, response) => response.end('ok'))
    peers.push(peer)
    const pool = upstreamOf([`http://127.0.0.1:${peer.port}`], { maxConnections: 2 })
    const request = { method: 'GET', target: '/', headers: ['Host', 'x'] }
    const nobody = { head: () => undefined, data: () => true, end: () => undefined }
    const options = { facts: anyone, stallMs: 1_000, signal: calm }
    const bodiless = { ...request, body: undefined, contentLength: undefined }
    await Promise.all([0, 1].map(() => pool.request(bodiless, nobody, options)))
    const closes = [...peer.sockets].map((socket) => once(socket, 'close'))
    expect(closes).toHaveLength(2)
    await dial(pool)
    await Promise.race(closes)
    expect(peer.sockets.size).toBeLessThanOrEqual(2)
    await dial(pool)
    await Promise.all(closes)
    expect(peer.sockets.size).toBeLessThanOrEqual(2)
  })

  test('who waits gets the next place that is free, before those who come later', async () => {
    const settings: UpstreamSettings = { maxConnections: 1, queue: { max: 2, timeout: 60_000 } }
    const pool = upstreamOf(await servers(1), settings)
    const first = await dial(pool)
    const order: string[] = []
    const second = dial(pool).then((dialed) => {
      order.push('second')
      return dialed
    })
    const third = dial(pool).then((dialed) => {
      order.push('third')
      return dialed
    })
    expect(pool.report().waiting).toBe(2)
    await expect(dial(pool)).rejects.toMatchObject(unavailable)
    first.lease.release()
    // The place is the second's already.
    await expect(Promise.race([dial(pool), second.then(() => 'second')])).resolves.toBe('second')
    ;(await second).lease.release()
    ;(await third).lease.release()
    expect(order).toEqual(['second', 'third'])
  })

  test('who waits for too long gets none', async () => {
    const settings: UpstreamSettings = { maxConnections: 1, queue: { max: 1, timeout: 1 } }
    const pool = upstreamOf(await servers(1), settings)
    await dial(pool)
    await expect(dial(pool)).rejects.toMatchObject(unavailable)
    expect(pool.report().waiting).toBe(0)
  })

  test('a place that comes free where nobody can be connected to leaves the queue its turn', async () => {
    const pool = upstreamOf([`tcp://127.0.0.1:${await freePort()}`], {
      maxConnections: 1,
      queue: { max: 5, timeout: 60_000 },
    })
    const dials = Array.from({ length: 4 }, () => dial(pool))
    for (const failing of dials) {
      await expect(failing).rejects.toMatchObject({ token: 'upstream-unreachable' })
    }
    expect(live(pool)).toEqual([0])
  })

  test('who has seen one server fail does not wait for another, and nobody waits behind it', async () => {
    const [busy] = await servers(1)
    const reviving = await freePort()
    const pool = upstreamOf([`tcp://127.0.0.1:${reviving}`, busy!], {
      maxConnections: 1,
      queue: { max: 10, timeout: 60_000 },
    })
    expect((await dial(pool)).server).toBe(busy)
    await expect(dial(pool)).rejects.toMatchObject({ token: 'upstream-unreachable' })
    expect(pool.report().waiting).toBe(0)
    const revived = createServer((socket) => sockets.push(socket)).listen(reviving, '127.0.0.1')
    await once(revived, 'listening')
    peers.push({ port: reviving, sockets: new Set(), close: () => revived.close() })
    expect((await dial(pool)).server).toBe(`tcp://127.0.0.1:${reviving}`)
  })

  test.each(['comes while others wait', 'waits behind others'])(
    'who is bound to a server in drain and %s gets its place there',
    async (when) => {
      const [ready, draining] = await servers(2)
      const pool = upstreamOf([ready!, draining!], {
        sticky: { cookie: 'seat', sameSite: 'lax' },
        maxConnections: 1,
        queue: { max: 10, timeout: 60_000 },
      })
      await dial(pool)
      const bound = await dial(pool)
      expect(bound.server).toBe(draining)
      pool.setMode(draining!, 'drain')
      const returning = asks(['Cookie', bound.setCookie!.split(';')[0]!])
      const first = dial(pool)
      if (when.startsWith('comes')) bound.lease.release()
      const second = dial(pool, returning)
      expect(pool.report().waiting).toBe(when.startsWith('comes') ? 1 : 2)
      bound.lease.release()
      expect((await second).server).toBe(draining)
      expect(pool.report().waiting).toBe(1)
      pool.destroy()
      await expect(first).rejects.toMatchObject({ token: 'draining' })
    },
  )

  test('destroy lets nobody wait', async () => {
    const settings: UpstreamSettings = { maxConnections: 1, queue: { max: 1, timeout: 60_000 } }
    const pool = upstreamOf(await servers(1), settings)
    await dial(pool)
    const waiting = dial(pool)
    pool.destroy()
    await expect(waiting).rejects.toMatchObject({ token: 'draining' })
  })
})

describe('modes', () => {
  test('a server in drain or maintenance gets nothing new, and its sessions go on', async () => {
    const urls = await servers(2)
    const pool = upstreamOf(urls)
    const session = await dial(pool)
    expect(pool.setMode(session.server, 'drain')).toBe(true)
    for (let count = 0; count < 4; count++)
      expect((await dial(pool)).server).not.toBe(session.server)
    expect(session.socket.destroyed).toBe(false)
    pool.setMode(session.server, 'ready')
    expect(new Set([(await dial(pool)).server, (await dial(pool)).server])).toEqual(new Set(urls))
    expect(pool.setMode('tcp://nowhere:1', 'drain')).toBe(false)
  })

  test('a server that is ready again serves those who wait', async () => {
    const [url] = await servers(1)
    const other = `tcp://127.0.0.1:${await freePort()}`
    const settings: UpstreamSettings = { maxConnections: 1, queue: { max: 1, timeout: 60_000 } }
    const pool = upstreamOf([url!, ...(await servers(1)), other], settings)
    pool.setMode(url!, 'maintenance')
    pool.setMode(other, 'maintenance')
    await dial(pool)
    const waiting = dial(pool)
    pool.setMode(url!, 'ready')
    expect((await waiting).server).toBe(url)
  })

  test('with all in maintenance nobody gets in, whoever waits neither', async () => {
    const [url] = await servers(1)
    const settings: UpstreamSettings = { maxConnections: 1, queue: { max: 1, timeout: 60_000 } }
    const pool = upstreamOf([url!], settings)
    await dial(pool)
    const waiting = dial(pool)
    pool.setMode(url!, 'maintenance')
    await expect(waiting).rejects.toMatchObject(unavailable)
    await expect(dial(pool)).rejects.toMatchObject(unavailable)
  })

  test.each([
    ['close', ['upstream-removed']],
    ['keep', []],
  ] as const)('maintenance with onDown: %s', async (onDown, ends) => {
    const urls = await servers(1)
    const pool = upstreamOf(urls, { onDown })
    const told: string[] = []
    const session = await dial(pool)
    session.lease.onRemoved(({ token }) => told.push(token))
    const over = await dial(pool)
    over.lease.onRemoved(() => told.push('over'))
    over.lease.release()
    pool.setMode(urls[0]!, 'maintenance')
    pool.setMode(urls[0]!, 'maintenance')
    expect(told).toEqual(ends)
  })

  test('a session that opens while its server goes down is told as well', async () => {
    const urls = await servers(1)
    const pool = upstreamOf(urls, { onDown: 'close' })
    const session = await dial(pool)
    pool.setMode(urls[0]!, 'maintenance')
    const told: string[] = []
    session.lease.onRemoved(({ token }) => told.push(token))
    expect(told).toEqual(['upstream-removed'])
  })
})

describe('another configuration', () => {
  test('least-connections goes on with what was counted before', async () => {
    const urls = await servers(3)
    const balance = 'least-connections'
    const pool = upstreamOf(urls.slice(0, 2), { balance })
    const sessions = await Promise.all(Array.from({ length: 8 }, () => dial(pool)))
    pool.reconfigure(configOf(urls, { balance }))
    expect(live(pool)).toEqual([4, 4, 0])
    for (let count = 0; count < 4; count++) expect((await dial(pool)).server).toBe(urls[2])
    for (const { lease } of sessions) lease.release()
    expect(live(pool)).toEqual([0, 0, 4])
  })

  test('a mode stays, and weights and places are the new ones', async () => {
    const urls = await servers(2)
    const pool = upstreamOf(urls, { maxConnections: 1 })
    pool.setMode(urls[0]!, 'drain')
    await dial(pool)
    await expect(dial(pool)).rejects.toMatchObject(unavailable)
    pool.reconfigure(configOf(urls, { maxConnections: 2, weights: [1, 7] }))
    expect((await dial(pool)).server).toBe(urls[1])
    expect(pool.report().servers).toMatchObject([
      { mode: 'drain', weight: 1 },
      { mode: 'ready', weight: 7, live: 2 },
    ])
  })

  test('more places are there for those who wait', async () => {
    const urls = await servers(1)
    const queue = { max: 1, timeout: 60_000 }
    const pool = upstreamOf(urls, { maxConnections: 1, queue })
    await dial(pool)
    const waiting = dial(pool)
    pool.reconfigure(configOf(urls, { maxConnections: 2, queue }))
    expect((await waiting).server).toBe(urls[0])
  })

  test.each([
    ['close', ['upstream-removed']],
    ['keep', []],
  ] as const)('of a server that is not in it any more, with onDown: %s', async (onDown, ends) => {
    const urls = await servers(2)
    const pool = upstreamOf(urls, { onDown })
    const told: string[] = []
    for (const session of [await dial(pool), await dial(pool)]) {
      session.lease.onRemoved(({ token, message }) => {
        if (message.startsWith(urls[0]!)) told.push(token)
      })
    }
    pool.reconfigure(configOf([urls[1]!], { onDown }))
    expect(told).toEqual(ends)
    expect(live(pool)).toEqual([1])
  })

  test.each(['put into maintenance', 'taken out of the configuration'])(
    'what the DNS has dropped from a server that is %s ends with the rest',
    async (fate) => {
      const { resolver, move } = movable('127.0.0.1', '127.0.0.2')
      const [other] = await servers(1)
      const url = other!.replace('127.0.0.1', 'app.internal')
      const pool = upstreamOf([url], { onDown: 'close' }, resolver)
      const session = await dial(pool)
      expect(session.server).toBe(`${url}#127.0.0.1`)
      const told: string[] = []
      session.lease.onRemoved(({ token }) => told.push(token))
      move('127.0.0.2', '127.0.0.3')
      expect(told).toEqual([])
      if (fate.endsWith('maintenance')) pool.setMode(url, 'maintenance')
      else pool.reconfigure(configOf([other!], { onDown: 'close' }))
      expect(told).toEqual(['upstream-removed'])
    },
  )

  test('one that cannot be used changes nothing', async () => {
    const urls = await servers(2)
    const pool = upstreamOf(urls)
    const broken = configOf([urls[0]!], { tls: { ca: '/nowhere/ca.crt' } })
    expect(() => pool.reconfigure(broken)).toThrow(/ENOENT/)
    expect(pool.report().servers.map(({ server }) => server)).toEqual(urls)
  })
})

test('a server is chosen before it is dialled, and counted however the dial ends', async () => {
  const pool = upstreamOf(await servers(1))
  const dialing = pool.dialTcp(anyone, calm)
  expect(live(pool)).toEqual([1])
  const { socket, lease } = await dialing
  sockets.push(socket)
  socket.destroy()
  await once(socket, 'close')
  lease.release()
  expect(pool.report().servers[0]).toMatchObject({ live: 0, picks: 1, connectFailures: 0 })
})
