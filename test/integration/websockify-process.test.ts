import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { configFromObject } from '../../src/config/load.ts'
import { tcpEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { Scratch } from '../support/scratch.ts'
import { closeOf, echo, mustOpen } from '../support/websocket-client.ts'
import { CliProcess, runCli } from './cli-process.ts'

const scratch = new Scratch()
const started: CliProcess[] = []
let target: Peer

beforeAll(async () => {
  target = await tcpEcho()
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

function websockify(options: string): CliProcess {
  const args = ['websockify', '127.0.0.1:0', `127.0.0.1:${target.port}`]
  const more = options.split(' ').filter((word) => word !== '')
  const process = new CliProcess([...args, ...more], { cwd: scratch.path })
  started.push(process)
  return process
}

test('the configuration that was made is shown, and can be served as a file', async () => {
  const process = websockify('--heartbeat 20')
  const bound = await process.port()
  const { stderr, stdout } = process.written
  expect(stdout).not.toContain('upstreams')
  const input: unknown = parse(stderr)
  expect(input).toMatchObject({ routes: [{ bridge: 'target', timeouts: { ping: '20s' } }] })
  await expect(configFromObject(input, { folder: scratch.path })).resolves.toBeDefined()
  expect(bound).toBeGreaterThan(0)
})

test('--print-config prints it on stdout and serves nothing', async () => {
  const args = ['websockify', '--print-config', '6080', 'localhost:5900', '--traffic']
  const { code, stdout, stderr } = await runCli(args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/^# --traffic: ignored: /)
  expect(parse(stdout)).toMatchObject({ listeners: { edge: { bind: '0.0.0.0:6080' } } })
})

test('what cannot be served is not started, printed or shown, with the password in it', async () => {
  const source = 'http://joe:hush@127.0.0.1/%s'
  const args = ['127.0.0.1:0', '--token-plugin', 'JSONTokenApi', '--token-source', source]
  const all = await Promise.all(
    [[], ['--print-config'], ['-D']].map((more) => runCli(['websockify', ...args, ...more])),
  )
  for (const { code, stdout, stderr } of all) {
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^--token-source: found /)
    expect(stderr).not.toContain('hush')
  }
})

test.each([
  [['6080'], 2, 'say where it leads: HOST:PORT'],
  [['6080', 'a:1', '--nonsense'], 2, '--nonsense: there is no such option'],
  [['6080', 'a:1', '--record', 'x'], 2, '--record: sessions are not recorded'],
  [['6080', 'a:1', '--web', '/nowhere'], 1, '--web: found'],
  [['6080', 'a:1', '--origin', 'nowhere'], 1, '--origin'],
])('%j ends with %i', async (args, code, message) => {
  const ended = await runCli(['websockify', ...args])
  expect(ended).toMatchObject({ code, stdout: '', stderr: expect.stringContaining(message) })
})

test('--help shows every option of websockify', async () => {
  const { code, stdout } = await runCli(['websockify', '--help'])
  expect(code).toBe(0)
  for (const option of ['-D, --daemon', '--token-plugin', '--heartbeat', '--print-config']) {
    expect(stdout).toContain(option)
  }
  expect((await runCli(['--help'])).stdout).toContain('websockify')
})

test('SIGTERM ends sessions with 1001 and the process with 0', async () => {
  const process = websockify('')
  const socket = await mustOpen(await process.port(), '/')
  const closed = closeOf(socket)
  process.child.kill('SIGTERM')
  expect(await closed).toBe('1001 draining')
  expect((await process.ended).code).toBe(0)
})

test('--run-once serves one session, and exits when it has ended', async () => {
  const process = websockify('--run-once')
  const port = await process.port()
  const socket = await mustOpen(port, '/')
  // Whoever comes before the listener has closed does not get in either.
  for (let why = ''; !why.includes('ECONNREFUSED');) {
    why = await mustOpen(port, '/').then(() => Promise.reject(new Error('got in')), String)
  }
  expect(await echo(socket, Buffer.from('still'))).toBe('still')
  socket.close()
  expect((await process.ended).code).toBe(0)
  expect(process.lines).toContainEqual(
    expect.objectContaining({ msg: 'draining', why: 'run-once' }),
  )
})

test('--timeout takes nobody after its time, and lets sessions end', async () => {
  const process = websockify('--timeout 1')
  const port = await process.port()
  const socket = await mustOpen(port, '/')
  for (let open = true; open;) {
    const another = mustOpen(port, '/')
    open = await another.then(
      (more) => {
        more.terminate()
        return true
      },
      () => false,
    )
  }
  expect(await echo(socket, Buffer.from('still'))).toBe('still')
  socket.close()
  expect((await process.ended).code).toBe(0)
})

test('--idle-timeout exits when nobody has been there for so long', async () => {
  const process = websockify('--idle-timeout 1 --heartbeat 1')
  const socket = await mustOpen(await process.port(), '/')
  // The session is longer than that, and the clock begins with its end.
  for (let pings = 0; pings < 2; pings++) await once(socket, 'ping')
  expect(await echo(socket, Buffer.from('still'))).toBe('still')
  socket.close()
  expect((await process.ended).code).toBe(0)
})

test('--log-file takes the log, and -v makes it longer', async () => {
  const process = websockify('--log-file gateway.log -v')
  for (;;) {
    const lines = readLog()
    if (lines.some((line) => line.includes('"listening"'))) break
    await new Promise(setImmediate)
  }
  process.child.kill('SIGTERM')
  expect(await process.ended).toMatchObject({ code: 0, stdout: '' })
  expect(readLog().at(-1)).toContain('"draining"')
})

test('-D leaves a process in the background that listens already', async () => {
  const ended = await websockify('-D --log-file daemon.log --idle-timeout 2').ended
  expect(ended).toMatchObject({ code: 0, stdout: '' })
  const line = readLog('daemon.log').find((text) => text.includes('"listening"'))!
  const { port: bound } = JSON.parse(line) as { port: number }
  const socket = await mustOpen(bound, '/')
  expect(await echo(socket, Buffer.from('over'))).toBe('over')
  socket.close()
})

test('-D tells a mistake to whoever made it', async () => {
  const { code, stderr } = await runCli(['websockify', '-D', '192.0.2.1:6080', 'a:1'])
  expect(code).toBe(1)
  expect(stderr).toContain('192.0.2.1:6080 is not an address of this machine')
})

test('no password is in the process list, in the log or on the screen', async () => {
  const process = websockify('--auth-plugin BasicHTTPAuth --auth-source joe:hush -v')
  await process.port()
  expect(readFileSync(`/proc/${process.child.pid}/cmdline`, 'utf8')).not.toContain('hush')
  const { stdout, stderr } = process.written
  expect(stdout + stderr).not.toContain('hush')
})

test('no password is in the process list while -D starts', async () => {
  const log = join(scratch.path, 'pipe.log')
  execFileSync('mkfifo', [log])
  const login = '--auth-plugin BasicHTTPAuth --auth-source joe:hush'
  const process = websockify(`-D --log-file pipe.log --idle-timeout 1 ${login}`)
  // The one in the background has shown its configuration, and waits for a reader of the log.
  while (!process.written.stderr.includes('listeners:')) await once(process.child.stderr, 'data')
  const { pid } = process.child
  const [background] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')
  for (const one of [pid, background]) {
    expect(readFileSync(`/proc/${one}/cmdline`, 'utf8')).toContain('drawbridge websockify')
    expect(readFileSync(`/proc/${one}/cmdline`, 'utf8')).not.toContain('hush')
  }
  const reader = createReadStream(log).resume()
  expect((await process.ended).code).toBe(0)
  await once(reader, 'close')
})

function readLog(name = 'gateway.log'): string[] {
  try {
    const text = readFileSync(join(scratch.path, name), 'utf8')
    return text.split('\n').filter((line) => line !== '')
  } catch {
    // Not there yet.
    return []
  }
}
