import { once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { createServer as createTls } from 'node:tls'
import type { Socket } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UpstreamPool } from '../../../../src/upstream/pool.ts'
import { Resolver } from '../../../../src/upstream/resolve.ts'
import { httpServer, listening, rawServer, tcpEcho } from '../../../support/peers.ts'
import type { Peer } from '../../../support/peers.ts'
import { tlsFiles } from '../../../support/tls-files.ts'
import type { TlsFiles } from '../../../support/tls-files.ts'
import { anyone, calm, configOf } from '../upstreams.ts'
import type { UpstreamSettings } from '../upstreams.ts'

let undo: (() => void)[] = []
beforeEach(() => {
  undo = []
})
afterEach(() => {
  for (const one of undo.toReversed()) one()
})

function kept<T extends Peer>(peer: T): T {
  undo.push(() => peer.close())
  return peer
}

/** What a pool tells, and a way to wait for it. */
class Told {
  readonly all: string[] = []
  #wake = (): void => undefined

  readonly events = {
    serverChanged: (server: string, change: { up: boolean; reason: string; outMs?: number }) => {
      const out = change.outMs === undefined ? '' : ` ${change.outMs}`
      this.#add(`${server} ${change.up ? 'up' : 'down'}: ${change.reason}${out}`)
    },
    panicChanged: (on: boolean) => this.#add(on ? 'panic' : 'calm'),
  }

  async until(text: string): Promise<void> {
    while (!this.all.includes(text)) {
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #add(text: string): void {
    this.all.push(text)
    this.#wake()
  }
}

const quick = { interval: 20, timeout: 1_000, unhealthyAfter: 2, healthyAfter: 2 }
const overHttp = {
  ...quick,
  check: { kind: 'http', path: '/healthz', statuses: [{ from: 200, to: 299 }] },
} as const
const overTcp = { ...quick, check: { kind: 'tcp' } } as const

function poolOf(
  servers: readonly string[],
  settings: UpstreamSettings,
): { pool: UpstreamPool; told: Told } {
  const told = new Told()
  const pool = new UpstreamPool('app', configOf(servers, settings), new Resolver(), told.events)
  undo.push(() => pool.destroy())
  return { pool, told }
}

/** A server whose health is as `state` says. */
async function moody(): Promise<Peer & { url: string; state: { status: number } }> {
  const state = { status: 200 }
  const peer = await httpServer((_, response) => response.writeHead(state.status).end())
  return { ...kept(peer), url: `http://127.0.0.1:${peer.port}`, state }
}

/** A port that refuses connections. */
async function nobody(): Promise<string> {
  const peer = await tcpEcho()
  peer.close()
  return `tcp://127.0.0.1:${peer.port}`
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('a server goes down when its checks fail, and comes up when they pass', async () => {
  const [one, other] = [await moody(), await moody()]
  const { pool, told } = poolOf([one.url, other.url], { health: overHttp })
  one.state.status = 503
  await told.until(`${one.url} down: checks failed`)
  expect(pool.report().servers.map(({ up }) => up)).toEqual([false, true])
  one.state.status = 200
  await told.until(`${one.url} up: checks passed`)
  expect(told.all).toHaveLength(2)
  expect(pool.report().servers[0]).toMatchObject({
    up: true,
    checksPassed: expect.any(Number) as number,
    checksFailed: expect.any(Number) as number,
  })
})

test('sessions of a server that goes down end where onDown says so, those of others do not', async () => {
  const [one, other] = [await moody(), await moody()]
  const { pool, told } = poolOf([one.url, other.url], { health: overHttp, onDown: 'close' })
  const removed: string[] = []
  for (let count = 0; count < 2; count++) {
    const dialed = await pool.dialTcp(anyone, calm)
    undo.push(() => dialed.socket.destroy())
    dialed.lease.onRemoved(({ token }) => removed.push(`${dialed.server} ${token}`))
  }
  one.state.status = 503
  await told.until(`${one.url} down: checks failed`)
  expect(removed).toEqual([`${one.url} upstream-removed`])
})

test('in a panic no sessions end: nobody knows which server is down', async () => {
  const one = await moody()
  const { pool, told } = poolOf([one.url], { health: overHttp, onDown: 'close' })
  const dialed = await pool.dialTcp(anyone, calm)
  undo.push(() => dialed.socket.destroy())
  let removed = false
  dialed.lease.onRemoved(() => (removed = true))
  one.state.status = 503
  await told.until(`${one.url} down: checks failed`)
  expect(told.all).toContain('panic')
  expect(removed).toBe(false)
})

test.each(['another server is up again', 'one is in maintenance', 'one is taken out'])(
  'sessions of a server that went down in a panic end when it is over: %s',
  async (ending) => {
    const [one, other, third] = [await moody(), await moody(), await moody()]
    const { pool, told } = poolOf([one.url, other.url, third.url], {
      health: overHttp,
      onDown: 'close',
    })
    const removed: string[] = []
    for (let count = 0; count < 3; count++) {
      const dialed = await pool.dialTcp(anyone, calm)
      undo.push(() => dialed.socket.destroy())
      dialed.lease.onRemoved(() => removed.push(dialed.server))
    }
    one.state.status = 503
    await told.until(`${one.url} down: checks failed`)
    other.state.status = 503
    await told.until(`${other.url} down: checks failed`)
    expect(told.all).toContain('panic')
    expect(removed).toEqual([one.url])
    if (ending.endsWith('up again')) one.state.status = 200
    else if (ending.endsWith('maintenance')) pool.setMode(one.url, 'maintenance')
    else {
      const rest = [other.url, third.url]
      pool.reconfigure(configOf(rest, { health: overHttp, onDown: 'close' }))
    }
    await told.until('calm')
    expect(removed).toEqual([one.url, other.url])
  },
)

test('a panic that ends because nothing is checked any longer ends no sessions', async () => {
  const all = await Promise.all([moody(), moody(), moody(), moody()])
  const urls = all.map(({ url }) => url)
  const { pool, told } = poolOf(urls, { health: overHttp, onDown: 'close' })
  const removed: string[] = []
  for (let count = 0; count < 4; count++) {
    const dialed = await pool.dialTcp(anyone, calm)
    undo.push(() => dialed.socket.destroy())
    dialed.lease.onRemoved(() => removed.push(dialed.server))
  }
  for (const { state } of all) state.status = 503
  for (const url of urls) await told.until(`${url} down: checks failed`)
  expect(removed).toHaveLength(2)
  pool.reconfigure(configOf(urls, { onDown: 'close' }))
  expect(told.all).toContain('calm')
  expect(removed).toHaveLength(2)
})

test('a server that cannot be connected to is ejected, and comes back by itself', async () => {
  const [dead, echo] = [await nobody(), kept(await tcpEcho())]
  const url = `tcp://127.0.0.1:${echo.port}`
  const { pool, told } = poolOf([dead, url], { ejection: { after: 2, time: 30, max: 60 } })
  const dial = async (): Promise<void> => {
    const { socket, lease } = await pool.dialTcp(anyone, calm)
    socket.destroy()
    lease.release()
  }
  while (!told.all.some((text) => text.includes('down'))) await dial()
  expect(told.all).toEqual([`${dead} down: connects failed 30`])
  const { connectFailures } = pool.report().servers[0]!
  for (let count = 0; count < 5; count++) await dial()
  // Nobody tries it while it is out.
  expect(pool.report().servers[0]!.connectFailures).toBe(connectFailures)
  await told.until(`${dead} up: its time is over`)
  while (told.all.length < 3) await dial()
  expect(told.all[2]).toBe(`${dead} down: connects failed 60`)
  expect(pool.report().servers[0]!.ejections).toBe(2)
})

test('what is known of a server outlives a reload', async () => {
  const [one, other] = [await moody(), await moody()]
  const settings = { health: overHttp }
  const { pool, told } = poolOf([one.url, other.url], settings)
  one.state.status = 503
  await told.until(`${one.url} down: checks failed`)
  pool.reconfigure(configOf([other.url, one.url], { health: { ...overHttp, interval: 600_000 } }))
  expect(pool.report().servers.map(({ up }) => up)).toEqual([true, false])
  // Without checks there is nothing that could bring it back.
  pool.reconfigure(configOf([one.url, other.url]))
  expect(pool.report().servers.map(({ up }) => up)).toEqual([true, true])
  expect(told.all.at(-1)).toBe(`${one.url} up: no longer watched`)
})

test('a closed pool checks nobody', async () => {
  const peer = kept(await rawServer(() => undefined))
  const arrivals: Socket[] = []
  const { pool } = poolOf([`http://127.0.0.1:${peer.port}`], { health: overHttp })
  while (peer.sockets.size === 0) await turn()
  arrivals.push(...peer.sockets)
  pool.destroy()
  for (const socket of arrivals) if (!socket.readableEnded) await once(socket.resume(), 'end')
})

test('a server that has come back gets its share slowly', async () => {
  const [one, other] = [await moody(), await moody()]
  const { pool, told } = poolOf([one.url, other.url], { health: overHttp, slowStart: 600_000 })
  expect(pool.report().servers.map(({ weight }) => weight)).toEqual([1, 1])
  one.state.status = 503
  await told.until(`${one.url} down: checks failed`)
  one.state.status = 200
  await told.until(`${one.url} up: checks passed`)
  const picks = pool.report().servers[0]!.picks
  for (let count = 0; count < 40; count++) {
    const { socket, lease } = await pool.dialTcp(anyone, calm)
    socket.destroy()
    lease.release()
  }
  expect(pool.report().servers[0]!.weight).toBeCloseTo(0.1)
  expect(pool.report().servers[0]!.picks - picks).toBeLessThan(8)
})

test('checks begin with a PROXY header that names nobody, where headers are sent', async () => {
  const begun = Promise.withResolvers<Buffer>()
  const peer = kept(
    await rawServer((socket) => void socket.once('data', (head: Buffer) => begun.resolve(head))),
  )
  poolOf([`http://127.0.0.1:${peer.port}`], { health: overHttp, sendProxyProtocol: 'v2' })
  // LOCAL, of version 2.
  expect((await begun.promise)[12]).toBe(0x20)
})

async function certified(): Promise<TlsFiles> {
  const files = await tlsFiles()
  undo.push(() => files.remove())
  return files
}

test('checks go through the TLS of the upstream: its authority counts', async () => {
  const { cert, key, caFile } = await certified()
  const https = createHttps({ cert, key }, (_, response) => response.end())
  const peer = kept(await listening(https))
  const url = `https://127.0.0.1:${peer.port}`
  const trusted = poolOf([url], { health: overHttp, tls: { ca: caFile } })
  const untrusted = poolOf([url], { health: overHttp })
  await untrusted.told.until(`${url} down: checks failed`)
  while (trusted.pool.report().servers[0]!.checksPassed < 2) {
    await turn()
  }
  expect(trusted.told.all).toEqual([])
})

test('a TCP check of a TLS server shakes hands', async () => {
  const { cert, key, caFile } = await certified()
  const secured = createTls({ cert, key })
  const peer = kept(await listening(secured))
  const shaken = once(secured, 'secureConnection')
  poolOf([`tls://127.0.0.1:${peer.port}`], { health: overTcp, tls: { ca: caFile } })
  await shaken
})
