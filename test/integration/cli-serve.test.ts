import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { WebSocket } from 'ws'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { mintSelfSigned } from '../../src/cli/mint.ts'
import { httpServer, tcpEcho, wsEcho, type Peer } from '../support/peers.ts'
import { CliProcess, runCli, type ProcessOptions } from './cli-process.ts'

let folder: string
let app: Peer
let echo: Peer
let chat: Peer
const started: CliProcess[] = []
/** Tells of requests to /slow, which the app never answers. */
const slow = new EventEmitter()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-serve-'))
  app = await httpServer((asked, response) => {
    if (asked.url === '/slow') {
      slow.emit('asked')
      return
    }
    response.end(`the app at ${asked.headers.host}`)
  })
  echo = await tcpEcho()
  chat = await wsEcho()
})

afterEach(async () => {
  for (const process of started.splice(0)) {
    process.child.kill('SIGKILL')
    await process.ended
  }
})

afterAll(async () => {
  for (const peer of [app, echo, chat]) peer.close()
  await rm(folder, { recursive: true })
})

function serve(args: readonly string[], options?: ProcessOptions): CliProcess {
  const process = new CliProcess(args, options)
  started.push(process)
  return process
}

const listen = ['--listen', '127.0.0.1:0']
const toApp = () => ['--to', `http://127.0.0.1:${app.port}`, ...listen]
const toChat = () => ['--to', `ws://127.0.0.1:${chat.port}`, ...listen]

async function opened(port: number, path = '/'): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`)
  await once(socket, 'open')
  return socket
}

async function certificateOf(port: number): Promise<string> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
  await once(socket, 'secureConnect')
  const { fingerprint256 } = socket.getPeerCertificate()
  socket.destroy()
  return fingerprint256
}

test('--to proxies an HTTP server and tells it as edge and main', async () => {
  const process = serve(toApp())
  const port = await process.port()
  const answer = await fetch(`http://127.0.0.1:${port}/x?secret=1`)
  expect(await answer.text()).toBe(`the app at 127.0.0.1:${port}`)
  const line = await process.line({ msg: 'request' })
  expect(line).toMatchObject({ listener: 'edge', route: 'main', path: '/x', status: 200 })
})

test('everything comes from the environment too, and other variables are nobody’s', async () => {
  const process = serve([], {
    env: {
      DRAWBRIDGE_TO: `http://127.0.0.1:${app.port}`,
      DRAWBRIDGE_LISTEN: '127.0.0.1:0',
      DRAWBRIDGE_ORIGIN: '',
      DRAWBRIDGE_PORT: 'tcp://10.0.0.1:80',
    },
  })
  expect((await fetch(`http://127.0.0.1:${await process.port()}`)).status).toBe(200)
})

test('./drawbridge.yaml is served where nothing else is said', async () => {
  const cwd = await mkdtemp(join(folder, 'cwd-'))
  await writeFile(
    join(cwd, 'drawbridge.yaml'),
    `listeners: { here: { bind: "127.0.0.1:0" } }\nroutes: [{ respond: { status: 204 } }]\n`,
  )
  const port = await serve([], { cwd }).port('here')
  expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(204)
})

test('the monitor and the log of a file are overridden by flags', async () => {
  const path = join(folder, 'monitored.yaml')
  await writeFile(
    path,
    `listeners: { edge: { bind: "127.0.0.1:0" } }
routes: [{ respond: { status: 204 } }]
monitor: { bind: "192.0.2.1:1" }
log: { level: silent, format: pretty }
`,
  )
  const flags = ['--monitor', '127.0.0.1:0', '--log-level', 'info', '--log-format', 'json']
  const process = serve(['serve', '--config', path, ...flags])
  const monitor = `127.0.0.1:${await process.port('monitor')}`
  await process.port()
  expect((await fetch(`http://${monitor}/readyz`)).status).toBe(200)
  expect(await (await fetch(`http://${monitor}/metrics`)).text()).toContain(
    'drawbridge_sessions_open',
  )
  expect(await runCli(['health', '--monitor', monitor])).toMatchObject({ code: 0, stdout: 'ok\n' })
})

test('--tls-self-signed ends TLS with a certificate of the moment', async () => {
  const process = serve([...toApp(), '--tls-self-signed'])
  const first = await certificateOf(await process.port())
  const second = await certificateOf(await serve([...toApp(), '--tls-self-signed']).port())
  expect(first).not.toBe(second)
})

test('--web serves pages beside the bridge at /websockify', async () => {
  const web = await mkdtemp(join(folder, 'web-'))
  await writeFile(join(web, 'index.html'), '<p>a page</p>')
  const process = serve(['--to', `tcp://127.0.0.1:${echo.port}`, ...listen, '--web', web])
  const port = await process.port()
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('<p>a page</p>')
  const socket = await opened(port, '/websockify')
  socket.send(Buffer.from('hello'))
  const [data] = await once(socket, 'message')
  expect(String(data)).toBe('hello')
  socket.close()
  expect(await process.line({ msg: 'session closed' })).toMatchObject({ route: 'main' })
})

test('a unix socket that a dead process left behind is replaced', async () => {
  const path = join(folder, 'edge.sock')
  const args = ['--to', `http://127.0.0.1:${app.port}`, '--listen', `unix:${path}`]
  const first = serve(args)
  await first.line({ msg: 'listening' })
  first.child.kill('SIGKILL')
  await first.ended
  expect(existsSync(path)).toBe(true)
  await serve(args).line({ msg: 'listening', address: `unix:${path}` })
  const asked = request({ socketPath: path, path: '/', headers: { host: 'x' } }).end()
  const [response] = await once(asked, 'response')
  expect(response).toHaveProperty('statusCode', 200)
})

test('SIGTERM closes sessions with 1001 and ends with 0', async () => {
  const process = serve(toChat())
  const socket = await opened(await process.port())
  process.child.kill('SIGTERM')
  const [code, reason] = await once(socket, 'close')
  expect([code, String(reason)]).toEqual([1001, 'draining'])
  const ended = await process.ended
  expect(ended.code).toBe(0)
  expect(process.lines).toContainEqual(
    expect.objectContaining({ msg: 'session closed', error: 'draining', code: 1001 }),
  )
})

test('SIGINT with idle connections ends with 0 at once', async () => {
  const process = serve(toApp())
  const idle = connect(await process.port(), '127.0.0.1')
  idle.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await once(idle, 'data')
  const since = performance.now()
  process.child.kill('SIGINT')
  expect((await process.ended).code).toBe(0)
  expect(performance.now() - since).toBeLessThan(2000)
})

test('while it drains it is alive and not ready, and a second signal ends it', async () => {
  const process = serve([...toApp(), '--monitor', '127.0.0.1:0'])
  const monitor = `http://127.0.0.1:${await process.port('monitor')}`
  // A request that is never answered keeps the drain going for as long as it may.
  const asked = once(slow, 'asked')
  const waiting = request({ port: await process.port(), host: '127.0.0.1', path: '/slow' }).end()
  waiting.on('error', () => undefined)
  await asked
  process.child.kill('SIGTERM')
  await process.line({ msg: 'draining' })
  expect((await fetch(`${monitor}/livez`)).status).toBe(200)
  expect((await fetch(`${monitor}/readyz`)).status).toBe(503)
  process.child.kill('SIGTERM')
  expect((await process.ended).code).toBe(1)
})

test('SIGHUP takes certificates anew, and keeps the old where the new are broken', async () => {
  const [cert, key] = [join(folder, 'hup.crt'), join(folder, 'hup.key')]
  const install = async () => {
    const pair = await mintSelfSigned(['localhost'])
    await writeFile(cert, pair.cert)
    await writeFile(key, pair.key)
  }
  await install()
  const process = serve([...toApp(), '--tls-cert', cert, '--tls-key', key])
  const port = await process.port()
  const before = await certificateOf(port)
  await install()
  process.child.kill('SIGHUP')
  await process.line({ msg: 'certificates reloaded' })
  const after = await certificateOf(port)
  expect(after).not.toBe(before)
  await writeFile(cert, 'broken')
  process.child.kill('SIGHUP')
  await process.line({ level: 'error' })
  expect(await certificateOf(port)).toBe(after)
})

test('the process that was started is the one that serves', async () => {
  const process = serve(toApp())
  await process.port()
  const { pid } = process.child
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  expect(children).toBe('')
})

test('a reader of the log that goes away takes nobody with it', async () => {
  const process = serve(toApp())
  const port = await process.port()
  process.child.stdout.destroy()
  for (let count = 0; count < 3; count++) {
    expect((await fetch(`http://127.0.0.1:${port}`)).status).toBe(200)
  }
  process.child.kill('SIGTERM')
  const [code] = await once(process.child, 'exit')
  expect(code).toBe(0)
})

test('it runs through a link, as npm installs it', async () => {
  const link = join(folder, 'drawbridge')
  await symlink(fileURLToPath(new URL('../../bin/drawbridge.js', import.meta.url)), link)
  const child = spawn(globalThis.process.execPath, [link, '--version'])
  const [version] = await once(child.stdout, 'data')
  expect(String(version)).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect((await once(child, 'exit'))[0]).toBe(0)
})

test('a taken port is one line, and exit code 1', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const address = taken.address()
  const port = typeof address === 'object' ? address?.port : 0
  const to = ['--to', 'http://127.0.0.1:1']
  const { code, stderr } = await runCli([...to, '--listen', `127.0.0.1:${port}`])
  expect(code).toBe(1)
  expect(stderr).toBe(`drawbridge: listener edge: 127.0.0.1:${port} is already in use\n`)
  const monitor = await runCli([...to, ...listen, '--monitor', `127.0.0.1:${port}`])
  expect(monitor.stderr).toBe(`drawbridge: monitor: 127.0.0.1:${port} is already in use\n`)
  taken.close()
})

test('an unreadable certificate is one line, and exit code 1', async () => {
  const files = ['--tls-cert', 'missing.crt', '--tls-key', 'missing.key']
  const { code, stderr } = await runCli([...toApp(), ...files], { cwd: folder })
  expect(code).toBe(1)
  for (const line of stderr.trimEnd().split('\n')) expect(line).toMatch(/^--tls-(?:cert|key): /)
  await writeFile(join(folder, 'text.pem'), 'no certificate')
  const text = ['--tls-cert', 'text.pem', '--tls-key', 'text.pem']
  const broken = await runCli([...toApp(), ...text], { cwd: folder })
  expect(broken.code).toBe(1)
  expect(broken.stderr).not.toContain('    at ')
  expect(broken.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
})
