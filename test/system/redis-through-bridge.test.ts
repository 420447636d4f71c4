import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bridgeTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, freePort } from '../support/scratch.ts'
import { websocketTunnel } from '../support/websocket-tunnel.ts'

const mebibyte = 1024 * 1024

describeWith(['redis-server', 'redis-cli', 'redis-benchmark'], 'redis through a bridge', () => {
  const scratch = new Scratch()
  let redis: Program
  let gateway: RunningGateway
  let tunnel: Peer

  beforeAll(async () => {
    const port = await freePort()
    redis = new Program('redis-server', [
      ['--port', String(port), '--bind', '127.0.0.1'],
      ['--save', '', '--appendonly', 'no', '--dir', scratch.path],
    ])
    await redis.says(/Ready to accept connections/)
    const { ca, cert, key } = await scratch.certificate(['localhost'])
    gateway = await startGateway(
      bridgeTo(`tcp://127.0.0.1:${port}`, {
        listeners: { edge: { bind: '127.0.0.1:0', tls: { certificates: [{ cert, key }] } } },
        routes: [{ name: 'main', bridge: 'backend', protocol: 'redis' }],
      }),
    )
    tunnel = await websocketTunnel(`wss://localhost:${gateway.port()}/`, ca)
  })

  afterAll(async () => {
    tunnel?.close()
    gateway?.stop()
    await redis?.stop()
    scratch.remove()
  })

  /** Starts redis-cli at the local end of the tunnel. */
  function cli(args: readonly string[], input?: Buffer): Program {
    const to = ['-h', '127.0.0.1', '-p', String(tunnel.port)]
    return new Program('redis-cli', [...to, ...args], input === undefined ? {} : { input })
  }

  async function ask(args: readonly string[], input = Buffer.alloc(0)): Promise<string> {
    const { code, stdout, stderr } = await cli(args, input).ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    return stdout
  }

  test('a value is set and read', async () => {
    expect(await ask(['SET', 'bridge', 'down'])).toBe('OK\n')
    expect(await ask(['GET', 'bridge'])).toBe('down\n')
  })

  test('a value of 5 MiB comes back whole', async () => {
    const value = randomBytes(5 * mebibyte)
      .toString('latin1')
      .replaceAll(/[^ -~]/g, '~')
    expect(await ask(['-x', 'SET', 'big'], Buffer.from(value))).toBe('OK\n')
    expect(await ask(['STRLEN', 'big'])).toBe(`${5 * mebibyte}\n`)
    expect((await ask(['GET', 'big'])) === `${value}\n`).toBe(true)
  })

  test('10,000 commands in one pipeline are all answered', async () => {
    const commands = Array.from({ length: 10_000 }, (_, at) => `SET key:${at} value:${at}\r\n`)
    const told = await ask(['--pipe'], Buffer.from(commands.join('')))
    expect(told).toContain('errors: 0, replies: 10000')
    expect(await ask(['GET', 'key:9999'])).toBe('value:9999\n')
  })

  test('what is published streams to a subscriber, and MONITOR sees it', async () => {
    const monitor = cli(['MONITOR'])
    await monitor.says(/OK/)
    const subscriber = cli(['SUBSCRIBE', 'gate'])
    await subscriber.says(/subscribe\ngate\n1\n/)
    for (let at = 0; at < 20; at++) {
      expect(await ask(['PUBLISH', 'gate', `visitor ${at}`])).toBe('1\n')
      await subscriber.says(new RegExp(`message\ngate\nvisitor ${at}\n`))
    }
    await monitor.says(/"PUBLISH" "gate" "visitor 19"/)
    await Promise.all([monitor.stop(), subscriber.stop()])
  })

  test('redis-benchmark: 50 connections at once', async () => {
    const { code, stdout } = await runProgram('redis-benchmark', [
      ['-h', '127.0.0.1', '-p', String(tunnel.port)],
      ['-c', '50', '-n', '5000', '-P', '10', '-t', 'set,get', '-d', '1000', '-q'],
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/SET: .*requests per second[^]*GET: .*requests per second/)
  })

  test('a server that leaves ends its sessions', async () => {
    const client = cli(['SUBSCRIBE', 'gate'])
    await client.says(/subscribe/)
    const { id } = gateway.log.lines.findLast(({ msg }) => msg === 'session opened')!
    await redis.stop()
    const closed = await gateway.log.line('session closed', { id })
    expect(closed).toMatchObject({ closedBy: 'upstream', code: 1000, upstream: expect.any(String) })
    await client.stop()
  })
})
