import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { bearer, mint, tokens } from '../support/login.ts'
import { tcpEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient } from '../support/raw-client.ts'
import { Scratch } from '../support/scratch.ts'
import { echo, openWebSocket } from '../support/websocket-client.ts'
import type { Asked } from '../support/websocket-client.ts'

/** It stands for every token of this file, so that the log can be searched for it. */
const secret = 'sesame-7f3a'

const scratch = new Scratch()
let backend: Peer
let running: RunningGateway

beforeAll(async () => {
  backend = await tcpEcho()
  mkdirSync(join(scratch.path, 'tokens'))
  writeFileSync(
    join(scratch.path, 'tokens', 'desks'),
    `${secret}: 127.0.0.1:${backend.port}\n${secret}.vnc.example: localhost:${backend.port}\n` +
      `ada: 127.0.0.1:${backend.port}\nSESAME: 127.0.0.1:${backend.port}\n` +
      `${secret}-socket: unix_socket:${scratch.path}/backend\n${secret}-denied: 10.0.0.1:22\n`,
  )
  const file = { file: join(scratch.path, 'tokens') }
  const allow = [`127.0.0.1:${backend.port}`, 'localhost', `unix:${scratch.path}/*`]
  const targets = (from: string, lookup: unknown = file): unknown => ({
    bridge: { targets: { from, lookup, allow } },
  })
  const route = (name: string, from: string, more: object = {}, lookup?: unknown): object => ({
    name,
    match: { path: `/${name}` },
    ...(targets(from, lookup) as object),
    ...more,
  })
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    authenticators: { users: tokens() },
    routes: [
      { name: 'path', match: { path: '/path/*' }, ...(targets('path') as object) },
      { name: 'host', match: { host: '*.vnc.example' }, ...(targets('host') as object) },
      route('query', 'query:token'),
      route('header', 'header:X-Target'),
      route('subject', 'identity:subject', { auth: 'users' }),
      route('claim', 'identity:claims.desk', { auth: 'users' }, 'claims'),
      route('claims', 'identity:claims', { auth: 'users' }, 'claims'),
      route('direct', 'query:to', {}, 'direct'),
      { name: 'other', match: { path: '/other/*' }, respond: { status: 200 } },
    ],
  })
})
afterAll(() => {
  running.stop()
  backend.close()
  scratch.remove()
})
beforeEach(() => {
  running.log.lines.length = 0
})

/** What became of it, and whether bytes came back. */
async function open(path: string, asked?: Asked): Promise<string> {
  const { status, body, socket } = await openWebSocket(running.port(), path, asked)
  if (socket === undefined) return `${status} ${body.trim().split('\n')[0]}`
  const back = await echo(socket, Buffer.from('hello'))
  socket.close()
  await once(socket, 'close')
  return back
}

function vhost(name: string): Asked {
  return { headers: { host: name, origin: `http://${name}` } }
}

describe('a session goes where its token says', () => {
  test.each([
    ['a query parameter', `/query?a=b&token=${secret}`, {}],
    ['an escaped query parameter', `/query?to%6ben=%73${secret.slice(1)}`, {}],
    ['a header', '/header', { headers: { 'x-target': secret } }],
    ['the path', `/path/${secret}`, {}],
    ['the path, with capitals', '/path/SESAME', {}],
    ['the host', '/', vhost(`${secret}.vnc.example`)],
    ['the host, with a port and capitals', '/', vhost(`${secret.toUpperCase()}.VNC.example:8080`)],
    ['the client itself', () => `/direct?to=127.0.0.1:${backend.port}`, {}],
  ])('in %s', async (_, path, asked) => {
    expect(await open(typeof path === 'string' ? path : path(), asked)).toBe('hello')
  })

  test.each([
    ['the subject of a login', '/subject', () => ({})],
    ['a claim', '/claim', () => ({ desk: `127.0.0.1:${backend.port}` })],
    [
      'a claim with host and port',
      '/claim',
      () => ({ desk: { host: 'localhost', port: backend.port } }),
    ],
    [
      'the claims host and port',
      '/claims',
      () => ({ host: '127.0.0.1', port: String(backend.port) }),
    ],
  ])('in %s', async (_, path, claims) => {
    const headers = bearer(await mint(claims()))
    expect(await open(path, { headers })).toBe('hello')
  })

  test('a unix socket', async () => {
    const unix = createServer((socket) => socket.pipe(socket)).listen(`${scratch.path}/backend`)
    await once(unix, 'listening')
    expect(await open(`/query?token=${secret}-socket`)).toBe('hello')
    unix.close()
  })
})

// Before others have refused so many that they are summed.
describe('the log', () => {
  test.each([
    ['a query', `/query?token=${secret}`, {}, { path: '/query' }],
    ['a header', '/header', { headers: { 'x-target': secret } }, { path: '/header' }],
    ['a path', `/path/${secret}`, {}, { path: '/path/[target]' }],
    ['a host', '/desk', vhost(`${secret}.vnc.example`), { path: '/desk', host: '[target]' }],
  ])(
    'names the target that was dialled, and not the token in %s',
    async (_, path, asked, shown) => {
      await open(path, asked)
      const opened = await running.log.line('session opened')
      const closed = await running.log.line('session closed')
      const host = 'host' in shown ? 'localhost' : '127.0.0.1'
      for (const line of [opened, closed]) {
        expect(line).toMatchObject({ ...shown, upstream: `${host}:${backend.port}` })
      }
      expect(JSON.stringify(running.log.lines)).not.toContain(secret)
    },
  )

  test.each([
    ['unknown', `/path/${secret}-nobody`, {}, '/path/[target]'],
    ['denied', `/query?token=${secret}-denied`, {}, '/query'],
    ['unknown, in the host', '/desk', vhost(`${secret}-x.vnc.example`), '/desk'],
    ['of a path without a route', `/nowhere/${secret}`, {}, '/nowhere/[target]'],
    [
      'of a wrong upgrade',
      `/path/${secret}`,
      { headers: { origin: 'http://evil' } },
      '/path/[target]',
    ],
  ])('has no token of a request that is %s', async (_, path, asked, shown) => {
    await open(path, asked)
    expect(await running.log.line('refused')).toMatchObject({ path: shown })
    expect(JSON.stringify(running.log.lines)).not.toContain(secret)
  })

  test('has no token of a plain request, which has no business there', async () => {
    const answer = await fetch(`http://127.0.0.1:${running.port()}/path/${secret}`)
    expect(answer.status).toBe(426)
    expect(await running.log.line('refused')).toMatchObject({ path: '/path/[target]' })
    expect(JSON.stringify(running.log.lines)).not.toContain(secret)
  })

  test('names what was denied', async () => {
    await open(`/query?token=${secret}-denied`)
    expect(await running.log.line('refused')).toMatchObject({
      error: 'target-denied',
      detail: '10.0.0.1:22 is not allowed',
    })
  })

  test('shows other paths whole', async () => {
    await fetch(`http://127.0.0.1:${running.port()}/other/a/b`)
    expect(await running.log.line('request')).toMatchObject({
      path: '/other/a/b',
      host: '127.0.0.1',
    })
  })
})

describe('nobody gets anywhere', () => {
  test.each([
    ['without a token', '/query', {}, '404 target-unknown'],
    ['with an empty one', '/query?token=', {}, '404 target-unknown'],
    ['with two', `/query?token=${secret}&token=${secret}`, {}, '404 target-unknown'],
    ['with one that nobody knows', `/query?token=${secret}x`, {}, '404 target-unknown'],
    ['with one in other case', `/query?token=${secret.toUpperCase()}`, {}, '404 target-unknown'],
    [
      'with two headers',
      '/header',
      { headers: { 'x-target': [secret, secret] } },
      '404 target-unknown',
    ],
    ['with the prefix alone', '/path', {}, '404 target-unknown'],
    ['that is not allowed', `/query?token=${secret}-denied`, {}, '403 target-denied'],
    ['without a login', '/claim', {}, '401 credentials-missing'],
  ])('%s', async (_, path, asked, told) => expect(await open(path, asked)).toBe(told))

  test.each([
    [{}, '404 target-unknown'],
    [{ desk: null }, '404 target-unknown'],
    [{ desk: 'nowhere' }, '502 target-unavailable'],
    [{ desk: ['127.0.0.1:22'] }, '502 target-unavailable'],
    [{ desk: '169.254.169.254:80' }, '403 target-denied'],
  ])('with the claims %j', async (claims, told) => {
    expect(await open('/claim', { headers: bearer(await mint(claims)) })).toBe(told)
  })

  test.each([
    `/path/${secret}/`,
    `/path//${secret}`,
    `/path/%73${secret.slice(1)}`,
    `/path/${secret};x=y`,
    `/path/${secret}%2f`,
    `/path/${secret}%00`,
    `/path/${secret}.`,
    `/path/x/..%2f${secret}`,
    `/path/${secret}\\`,
  ])('by a path that can be read in two ways: %s', async (path) => {
    const client = await RawClient.connect(running.port())
    client.socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    expect((await client.head()).text).toMatch(/^HTTP\/1\.1 400 /)
    client.socket.destroy()
    await running.log.line('refused', { error: 'path-ambiguous' })
    expect(JSON.stringify(running.log.lines)).not.toContain(secret.slice(1))
  })
})
