import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bridgeTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import type { ProgramOptions, Result } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, freePort } from '../support/scratch.ts'
import { websocketTunnel } from '../support/websocket-tunnel.ts'

describeWith(['sshd', 'ssh', 'ssh-keygen'], 'ssh through a bridge', () => {
  const scratch = new Scratch()
  const { username } = userInfo()
  let sshd: Program
  let gateway: RunningGateway
  let tunnel: Peer

  /** Makes a pair of keys. @returns the path of the private one */
  async function makeKey(name: string): Promise<string> {
    const path = join(scratch.path, name)
    const { code } = await runProgram('ssh-keygen', ['-q', ['-t', 'ed25519', '-N', '', '-f', path]])
    expect(code).toBe(0)
    return path
  }

  beforeAll(async () => {
    const [hostKey, key] = await Promise.all([makeKey('host'), makeKey('client')])
    const authorized = join(scratch.path, 'authorized_keys')
    copyFileSync(`${key}.pub`, authorized)
    const port = await freePort()
    const config = scratch.write(
      'sshd_config',
      `ListenAddress 127.0.0.1:${port}
HostKey ${hostKey}
PidFile none
AuthorizedKeysFile ${authorized}
AuthenticationMethods publickey
PermitRootLogin prohibit-password
UsePAM no
StrictModes no
`,
    )
    // What root's sshd shuts itself up in, which Debian's service makes at each start.
    if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 })
    // In the foreground, with its log on stderr.
    sshd = new Program('sshd', ['-D', '-e', ['-f', config]])
    await sshd.says(/Server listening on/)
    const { ca, cert, key: tlsKey } = await scratch.certificate(['localhost'])
    gateway = await startGateway({
      ...bridgeTo(`tcp://127.0.0.1:${port}`),
      listeners: { edge: { bind: '127.0.0.1:0', tls: { certificates: [{ cert, key: tlsKey }] } } },
      routes: [
        { name: 'shell', match: { path: '/shell' }, bridge: 'backend', protocol: 'ssh' },
        { name: 'wrong', match: { path: '/wrong' }, bridge: 'backend', protocol: 'vnc' },
      ],
    })
    tunnel = await websocketTunnel(`wss://localhost:${gateway.port()}/shell`, ca)
    const [type, hostKeyText] = readFileSync(`${hostKey}.pub`, 'utf8').split(' ')
    scratch.write('known_hosts', `[127.0.0.1]:${tunnel.port} ${type} ${hostKeyText}\n`)
  })

  afterAll(async () => {
    tunnel?.close()
    gateway?.stop()
    await sshd?.stop()
    scratch.remove()
  })

  /** Runs a command on the other side. */
  function ssh(command: string, options?: ProgramOptions): Promise<Result> {
    return runProgram(
      'ssh',
      [
        ['-F', 'none', '-i', join(scratch.path, 'client'), '-o', 'IdentitiesOnly=yes'],
        ['-o', `UserKnownHostsFile=${join(scratch.path, 'known_hosts')}`],
        ['-o', 'StrictHostKeyChecking=yes', '-o', 'BatchMode=yes', '-T'],
        ['-p', String(tunnel.port), `${username}@127.0.0.1`, command],
      ],
      options,
    )
  }

  test('a command, its input, its output and its exit code', async () => {
    const { code, stdout, stderr } = await ssh('tr a-z A-Z; echo told >&2; exit 7', {
      input: 'through the bridge',
    })
    expect({ code, stdout, stderr }).toEqual({
      code: 7,
      stdout: 'THROUGH THE BRIDGE',
      stderr: 'told\n',
    })
    const { id } = gateway.log.lines.findLast(({ msg }) => msg === 'session opened')!
    const closed = await gateway.log.line('session closed', { id })
    expect(closed).toMatchObject({ route: 'shell', subprotocol: 'binary' })
    expect(closed).not.toHaveProperty('error')
  })

  test('4 MiB there and back are the same bytes', async () => {
    const bytes = randomBytes(3 * 1024 * 1024).toString('base64')
    const { code, stdout } = await ssh('cat', { input: bytes })
    expect(code).toBe(0)
    expect(stdout === bytes).toBe(true)
  })

  test('a route that takes it for another service refuses it before the 101', async () => {
    const url = `wss://localhost:${gateway.port()}/wrong`
    const socket = new WebSocket(url, ['binary'], { rejectUnauthorized: false })
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    expect(answer.statusCode).toBe(502)
    socket.on('error', () => undefined).terminate()
    await gateway.log.line('refused', { route: 'wrong', error: 'upstream-greeting' })
  })
})
