import { rmSync, mkdtempSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'
import { chains, schemes } from './corpus/headers-chains.ts'
import { neverPassed, nominations, passed, passedForProxies } from './corpus/headers-spoofs.ts'
import { recorder, valuesOf } from './corpus/http-upstream.ts'
import type { Recorder } from './corpus/http-upstream.ts'

const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
const socketPath = join(folder, 'edge.sock')
let files: TlsFiles
let upstream: Recorder
let gateway: RunningGateway

beforeAll(async () => {
  files = await tlsFiles()
  upstream = await recorder()
  const server = `http://127.0.0.1:${upstream.port}`
  gateway = await startGateway({
    ...proxyTo(server),
    listeners: {
      edge: { bind: '127.0.0.1:0' },
      secure: { bind: '127.0.0.1:0', tls: { certificates: files.certificates } },
      local: { bind: `unix:${socketPath}` },
    },
    trustedProxies: ['127.0.0.2', '10.0.0.0/8', '2001:db8:1::/48'],
    identity: { headers: { 'x-user': 'subject', 'x-role': 'claims.role' } },
    upstreams: {
      app: { servers: [server] },
      renamed: { servers: [server], preserveHost: false },
    },
    routes: [
      { name: 'renamed', match: { path: '/renamed' }, proxy: 'renamed' },
      { name: 'main', proxy: 'app' },
    ],
  })
})

afterAll(() => {
  gateway.stop()
  upstream.close()
  files.remove()
  rmSync(folder, { recursive: true })
})

type From = 'client' | 'proxy' | 'unix' | 'tls'

/**
 * Sends one request; `more` is header lines without their last CR LF. @returns the lines that the
 * upstream got, if any
 */
async function send(
  from: From,
  more: string,
  { path = '/x', host = 'a.example' } = {},
): Promise<{ status: number; lines: readonly string[] }> {
  const client = await open(from)
  const before = upstream.requests.length
  client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more === '' ? '' : `${more}\r\n`}\r\n`)
  const { status } = await client.answer()
  client.destroy()
  expect(upstream.faults).toEqual([])
  expect(upstream.requests.length - before).toBe(status === 200 ? 1 : 0)
  return { status, lines: status === 200 ? upstream.requests.at(-1)!.lines : [] }
}

async function open(from: From): Promise<RawClient> {
  if (from === 'tls') return await RawClient.connect(gateway.port('secure'), { tls: {} })
  if (from === 'client') return await RawClient.connect(gateway.port())
  // 127.0.0.2 is a trusted proxy.
  const { promise, resolve } = Promise.withResolvers<void>()
  const socket =
    from === 'unix'
      ? connect({ path: socketPath, allowHalfOpen: true }, resolve)
      : connect(
          {
            port: gateway.port(),
            host: '127.0.0.1',
            localAddress: '127.0.0.2',
            allowHalfOpen: true,
          },
          resolve,
        )
  await promise
  return new RawClient(socket)
}

describe.each(['client', 'proxy', 'unix', 'tls'] as const)('from a %s, never passed on', (from) => {
  test.each(neverPassed)('%j', async (lines) => {
    const { status, lines: sent } = await send(from, lines)
    expect(status).toBe(200)
    expect(sent.filter((line) => /spoofed/i.test(line))).toEqual([])
    expect(sent.filter((line) => /^[^:]*(?:_|user|role)/i.test(line))).toEqual([])
  })
})

describe('what only a trusted proxy may say', () => {
  test.each(passedForProxies)('%j', async (line) => {
    for (const from of ['client', 'unix', 'tls'] as const) {
      const { lines } = await send(from, line)
      expect(lines.filter((sent) => /spoofed/i.test(sent))).toEqual([])
    }
    expect((await send('proxy', line)).lines).toContain(line)
  })
})

describe('passed on as it came, from everybody', () => {
  test.each(passed)('%j', async (lines) => {
    const line = lines.split('\r\n').at(-1)!
    for (const from of ['client', 'proxy', 'unix', 'tls'] as const) {
      const { lines: sent } = await send(from, lines)
      expect(sent).toContain(line.endsWith(':') ? `${line} ` : line)
    }
  })
})

describe('what the gateway says itself cannot be taken out', () => {
  test.each(nominations)('%j', async (lines) => {
    const { lines: sent } = await send('client', lines, { host: 'a.example:8080' })
    expect(own(sent)).toEqual({
      host: ['a.example:8080'],
      'x-forwarded-for': ['127.0.0.1'],
      'x-forwarded-proto': ['http'],
      'x-forwarded-host': ['a.example:8080'],
      'x-forwarded-port': ['8080'],
      forwarded: ['for=127.0.0.1;host="a.example:8080";proto=http'],
    })
  })
})

describe('X-Forwarded-For of a trusted proxy', () => {
  test.each(chains)('%j names %j', async (lines, client) => {
    const more = lines.map((line) => `X-Forwarded-For: ${line}`).join('\r\n')
    const path = `/chain-${chains.findIndex(([one]) => one === lines)}`
    const { status, lines: sent } = await send('proxy', more, { path })
    if (client === undefined) {
      expect(status).toBe(400)
      return
    }
    expect(status).toBe(200)
    expect((await gateway.log.line('request', { path })).client).toBe(client)
    const kept = lines.join(', ').replace(/^[ \t]+|[ \t]+$/g, '')
    const chain = kept === '' ? '127.0.0.2' : `${kept}, 127.0.0.2`
    expect(valuesOf(sent, 'x-forwarded-for')).toEqual([chain])
    const node = client.includes(':') ? `"[${client}]"` : client
    const through = client === '127.0.0.2' ? '' : ', for=127.0.0.2'
    expect(valuesOf(sent, 'forwarded')).toEqual([`for=${node};host=a.example;proto=http${through}`])
  })

  test.each(chains)('%j of anybody else is nothing', async (lines) => {
    const more = lines.map((line) => `X-Forwarded-For: ${line}`).join('\r\n')
    const { status, lines: sent } = await send('client', more)
    expect(status).toBe(200)
    expect(valuesOf(sent, 'x-forwarded-for')).toEqual(['127.0.0.1'])
  })
})

describe('X-Forwarded-Proto of a trusted proxy', () => {
  test.each(schemes)('%j is %j', async (lines, scheme) => {
    const more = lines.map((line) => `X-Forwarded-Proto: ${line}`).join('\r\n')
    const { status, lines: sent } = await send('proxy', more)
    expect(status).toBe(scheme === undefined ? 400 : 200)
    if (scheme === undefined) return
    expect(valuesOf(sent, 'x-forwarded-proto')).toEqual([scheme])
    expect(valuesOf(sent, 'x-forwarded-port')).toEqual([scheme === 'https' ? '443' : '80'])
  })

  test.each(schemes)('%j of anybody else is nothing', async (lines) => {
    const more = lines.map((line) => `X-Forwarded-Proto: ${line}`).join('\r\n')
    expect(valuesOf((await send('client', more)).lines, 'x-forwarded-proto')).toEqual(['http'])
    expect(valuesOf((await send('tls', more)).lines, 'x-forwarded-proto')).toEqual(['https'])
  })
})

test('a peer on a unix socket is unix in the log and unknown to the upstream', async () => {
  const { lines } = await send('unix', 'X-Forwarded-For: 6.6.6.6', { path: '/unix' })
  expect((await gateway.log.line('request', { path: '/unix' })).client).toBe('unix')
  expect(own(lines)).toEqual({
    host: ['a.example'],
    'x-forwarded-for': ['unknown'],
    'x-forwarded-proto': ['http'],
    'x-forwarded-host': ['a.example'],
    'x-forwarded-port': ['80'],
    forwarded: ['for=unknown;host=a.example;proto=http'],
  })
})

test('a client over TLS came by https', async () => {
  expect(own((await send('tls', '')).lines)).toEqual({
    host: ['a.example'],
    'x-forwarded-for': ['127.0.0.1'],
    'x-forwarded-proto': ['https'],
    'x-forwarded-host': ['a.example'],
    'x-forwarded-port': ['443'],
    forwarded: ['for=127.0.0.1;host=a.example;proto=https'],
  })
})

test.each([
  ['A.Example.:8080', 'a.example:8080', '8080'],
  ['[2001:DB8:0:0::1]', '[2001:db8::1]', '80'],
  ['[::1]:8443', '[::1]:8443', '8443'],
])('the Host %s is forwarded in its one spelling', async (host, canonical, port) => {
  const { lines } = await send('client', '', { host })
  expect(valuesOf(lines, 'host')).toEqual([canonical])
  expect(valuesOf(lines, 'x-forwarded-host')).toEqual([canonical])
  expect(valuesOf(lines, 'x-forwarded-port')).toEqual([port])
})

test('preserveHost: false gives the server its own name, and the client its in X-Forwarded-Host', async () => {
  const { lines } = await send('client', '', { path: '/renamed' })
  expect(valuesOf(lines, 'host')).toEqual([`127.0.0.1:${upstream.port}`])
  expect(valuesOf(lines, 'x-forwarded-host')).toEqual(['a.example'])
})

/** What the gateway says of the client: one line each. */
function own(lines: readonly string[]): Record<string, string[]> {
  const names = [
    'host',
    'x-forwarded-for',
    'x-forwarded-proto',
    'x-forwarded-host',
    'x-forwarded-port',
    'forwarded',
  ]
  return Object.fromEntries(names.map((name) => [name, valuesOf(lines, name)]))
}
