import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { TestAuthority } from '../support/client-certs.ts'
import { httpServer, listening, rawServer, tcpEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { Scratch } from '../support/scratch.ts'
import { closeOf, echo, mustOpen, openWebSocket } from '../support/websocket-client.ts'
import type { Asked } from '../support/websocket-client.ts'
import { CliProcess } from './cli-process.ts'
import type { ProcessOptions } from './cli-process.ts'

/** What websockify's README, its man page and its help say, row by row. */

const scratch = new Scratch()
const authority = new TestAuthority('clients')
const started: CliProcess[] = []
let target: Peer
/** A certificate with its key, in one file as websockify likes it. */
let pem: string
let cert: string
let key: string

beforeAll(async () => {
  target = await tcpEcho()
  const files = await scratch.certificate(['localhost'])
  cert = files.cert
  key = files.key
  pem = scratch.write('both.pem', readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  mkdirSync(join(scratch.path, 'web', 'empty'), { recursive: true })
  scratch.write('web/vnc.html', '<p>the page</p>')
})

afterEach(async () => {
  for (const process of started.splice(0)) {
    process.child.kill('SIGKILL')
    await process.ended
  }
})

afterAll(() => {
  target.close()
  scratch.remove()
})

const words = (text: string): string[] => text.split(' ').filter((word) => word !== '')

function websockify(args: readonly string[], options?: ProcessOptions): CliProcess {
  const process = new CliProcess(['websockify', ...args], { cwd: scratch.path, ...options })
  started.push(process)
  return process
}

/** One that leads to the target, with more options. @returns its port */
async function toTarget(
  options: string | readonly string[],
  more?: ProcessOptions,
): Promise<number> {
  const written = typeof options === 'string' ? words(options) : options
  return await websockify(['127.0.0.1:0', `127.0.0.1:${target.port}`, ...written], more).port()
}

async function statusOf(port: number, path: string, asked?: Asked): Promise<number> {
  const { status, socket } = await openWebSocket(port, path, asked)
  socket?.terminate()
  return status
}

async function passes(port: number, path = '/', asked?: Asked): Promise<void> {
  const socket = await mustOpen(port, path, asked)
  expect(await echo(socket, Buffer.from('over'))).toBe('over')
  socket.terminate()
}

test('traffic goes both ways, at any path, with the subprotocol binary or with none', async () => {
  const port = await toTarget('')
  await passes(port, '/')
  await passes(port, '/websockify?token=ignored')
  await passes(port, '/deep/down', { headers: { Origin: 'https://any.example' } })
  const { headers, socket } = await openWebSocket(port, '/', { protocols: ['binary', 'base64'] })
  expect(headers['sec-websocket-protocol']).toBe('binary')
  socket!.terminate()
  // There too: whoever offers only others is refused.
  expect(await statusOf(port, '/', { protocols: ['base64'] })).toBe(400)
})

test('a target that ends is a Close 1000, and a client that ends is its FIN', async () => {
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const backend = await rawServer((socket) => {
    socket.resume().once('end', resolve)
    socket.write('hello')
    socket.once('data', () => socket.end())
  })
  const process = websockify(['127.0.0.1:0', `127.0.0.1:${backend.port}`])
  const port = await process.port()
  const first = await mustOpen(port, '/')
  first.send(Buffer.from('end'))
  expect(await closeOf(first)).toBe('1000')
  const second = await mustOpen(port, '/')
  second.close()
  await over
  backend.close()
})

test('a target that is not there is a 502, where websockify answers 101 and closes', async () => {
  const process = websockify(['127.0.0.1:0', '127.0.0.1:1'])
  expect(await statusOf(await process.port(), '/')).toBe(502)
})

test('without --web only WebSockets are served', async () => {
  const answer = await fetch(`http://127.0.0.1:${await toTarget('')}/`)
  expect(answer.status).toBe(426)
})

test('--web serves files at the same port, and WebSockets at every path still', async () => {
  const port = await toTarget('--web web')
  const at = async (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
  expect(await (await at('/vnc.html?host=x')).text()).toBe('<p>the page</p>')
  expect((await at('/vnc.html')).headers.get('content-type')).toContain('text/html')
  // Where websockify lists the folder.
  expect((await at('/empty/')).status).toBe(404)
  expect((await at('/none')).status).toBe(404)
  await passes(port, '/vnc.html')
  await passes(port, '/websockify')
})

test.each([
  ['--cert both.pem', false],
  ['--cert localhost.crt --key localhost.key', false],
  ['(self.pem in the folder)', true],
])('%s: TLS and clear text at one port, as the first byte says', async (options, selfPem) => {
  const cwd = selfPem ? join(scratch.path, 'self') : scratch.path
  if (selfPem) {
    mkdirSync(cwd)
    scratch.write('self/self.pem', readFileSync(pem))
  }
  const port = await toTarget(selfPem ? '' : options, { cwd })
  await passes(port)
  await passes(port, '/', { tls: {} })
})

test('--ssl-only refuses clear text', async () => {
  const port = await toTarget('--cert both.pem --ssl-only --ssl-version tlsv1_3')
  await passes(port, '/', { tls: {} })
  await expect(passes(port, '/', { tls: { maxVersion: 'TLSv1.2' } })).rejects.toThrow(/alert/)
  const client = await RawClient.connect(port)
  client.send(upgradeHead('/'))
  expect((await client.closed()).toString('latin1')).not.toContain('HTTP')
})

test('--key-password opens the key', async () => {
  const locked = createPrivateKey(readFileSync(key)).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'hush',
  })
  scratch.write('locked.pem', readFileSync(cert, 'utf8') + locked)
  await passes(await toTarget('--cert locked.pem --key-password hush'), '/', { tls: {} })
  const wrong = websockify(words('127.0.0.1:0 a:1 --cert locked.pem --key-password wrong'))
  expect(await wrong.ended).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('--key-password: does not open the key in locked.pem'),
  })
})

test('--verify-client and ClientCertCNAuth: only certificates of these names', async () => {
  scratch.write('ca.pem', authority.cert)
  const port = await toTarget([
    ...words('--cert both.pem --verify-client --cafile ca.pem --auth-plugin ClientCertCNAuth'),
    '--auth-source',
    'jane@example.com  Joe',
  ])
  const shows = (name: string) => ({ tls: authority.issue({ subject: [['CN', name]] }) })
  await passes(port, '/', shows('Joe'))
  await passes(port, '/', shows('jane@example.com'))
  expect(await statusOf(port, '/', shows('Eve'))).toBe(401)
  await expect(statusOf(port, '/', { tls: {} })).rejects.toThrow()
  // Clear text would be a way around.
  await expect(statusOf(port, '/')).rejects.toThrow()
})

test('BasicHTTPAuth asks for WebSockets, with --web-auth for pages too', async () => {
  const login = '--auth-plugin BasicHTTPAuth --auth-source joe:secret:too'
  const right = { Authorization: `Basic ${Buffer.from('joe:secret:too').toString('base64')}` }
  const wrong = { Authorization: `Basic ${Buffer.from('joe:secret').toString('base64')}` }
  const open = await toTarget(`--web web ${login}`)
  const closed = await toTarget(`--web web --web-auth ${login}`)
  for (const port of [open, closed]) {
    const refused = await openWebSocket(port, '/')
    expect(refused.status).toBe(401)
    expect(refused.headers['www-authenticate']).toMatch(/^Basic realm="Websockify"/)
    expect(await statusOf(port, '/', { headers: wrong })).toBe(401)
    await passes(port, '/', { headers: right })
  }
  const page = async (port: number, headers = {}): Promise<number> =>
    (await fetch(`http://127.0.0.1:${port}/vnc.html`, { headers })).status
  expect([await page(open), await page(closed), await page(closed, right)]).toEqual([200, 401, 200])
})

test('ExpectOrigin lets pages of these origins in, and nobody without one', async () => {
  const port = await toTarget([
    ...words('--auth-plugin ExpectOrigin --auth-source'),
    'https://a.example http://b.example:81',
  ])
  const from = (origin: string) => statusOf(port, '/', { headers: { Origin: origin } })
  expect(await from('https://a.example')).toBe(101)
  expect(await from('http://b.example:81')).toBe(101)
  expect(await from('https://b.example')).toBe(403)
  expect(await statusOf(port, '/')).toBe(403)
})

test('any page may connect until --origin, or its variable, says which', async () => {
  const headers = { Origin: 'https://any.example' }
  expect(await statusOf(await toTarget(''), '/', { headers })).toBe(101)
  const DRAWBRIDGE_ORIGIN = 'https://mine.example'
  const closed = await toTarget('', { env: { DRAWBRIDGE_ORIGIN } })
  expect(await statusOf(closed, '/', { headers })).toBe(403)
  expect(await statusOf(closed, '/', { headers: { Origin: DRAWBRIDGE_ORIGIN } })).toBe(101)
})

test('--unix-target, and --unix-listen with its mode', async () => {
  const socket = join(scratch.path, 'target.sock')
  const server = createServer((client) => client.pipe(client)).listen(socket)
  await once(server, 'listening')
  await passes(await websockify(words('127.0.0.1:0 --unix-target target.sock')).port())
  const process = websockify(words('--unix-listen in.sock --unix-target target.sock'))
  await process.line({ msg: 'listening' })
  expect(statSync(join(scratch.path, 'in.sock')).mode & 0o777).toBe(0o600)
  const over = new WebSocket(`ws+unix:${join(scratch.path, 'in.sock')}:/`)
  await once(over, 'open')
  expect(await echo(over, Buffer.from('over'))).toBe('over')
  over.terminate()
  server.close()
})

test('--ssl-target speaks TLS to the target and takes any certificate', async () => {
  const options = { cert: readFileSync(cert), key: readFileSync(key) }
  const secure = createTlsServer(options, (socket) => socket.pipe(socket))
  const peer = await listening(secure)
  const process = websockify(['127.0.0.1:0', `127.0.0.1:${peer.port}`, '--ssl-target'])
  await passes(await process.port())
  expect(process.written.stderr).toContain('the certificate of the target is not checked')
  peer.close()
})

test('--heartbeat pings a client that is silent', async () => {
  const socket = await mustOpen(await toTarget('--heartbeat 1'), '/')
  await once(socket, 'ping')
  socket.terminate()
})

test('a target of a name, and one that speaks HTTP, are targets like any other', async () => {
  const http = await httpServer((_, response) => response.end('plain'))
  const port = await websockify(['127.0.0.1:0', `localhost:${http.port}`]).port()
  const socket = await mustOpen(port, '/')
  const answer = once(socket, 'message')
  socket.send(Buffer.from('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'))
  expect(String((await answer)[0])).toContain('200 OK')
  socket.terminate()
  http.close()
})

test('early bytes of the client reach the target', async () => {
  const socket = connect(await toTarget(''), '127.0.0.1')
  // A mask of zeros.
  const frame = Buffer.from('828400000000', 'hex')
  socket.write(Buffer.concat([Buffer.from(upgradeHead('/')), frame, Buffer.from('over')]))
  let seen = ''
  while (!seen.endsWith('over')) seen += String((await once(socket, 'data'))[0])
  expect(seen).toMatch(/^HTTP\/1\.1 101 /)
  socket.destroy()
})
