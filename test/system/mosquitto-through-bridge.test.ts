import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bridgeTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import type { Arguments } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, accepting, freePort } from '../support/scratch.ts'
import { websocketTunnel } from '../support/websocket-tunnel.ts'

const needs = ['mosquitto', 'mosquitto_pub', 'mosquitto_sub']

describeWith(needs, 'mosquitto through a bridge', () => {
  const scratch = new Scratch()
  let broker: Program
  let gateway: RunningGateway
  let tunnel: Peer

  beforeAll(async () => {
    const port = await freePort()
    const config = scratch.write(
      'mosquitto.conf',
      `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest stderr\nlog_type all\n`,
    )
    broker = new Program('mosquitto', [['-c', config]])
    await accepting(port)
    const { ca, cert, key } = await scratch.certificate(['localhost'])
    gateway = await startGateway(
      bridgeTo(`tcp://127.0.0.1:${port}`, {
        listeners: { edge: { bind: '127.0.0.1:0', tls: { certificates: [{ cert, key }] } } },
        routes: [{ name: 'things', bridge: 'backend', protocol: 'mqtt' }],
      }),
    )
    tunnel = await websocketTunnel(`wss://localhost:${gateway.port()}/`, ca, 'mqtt')
  })

  afterAll(async () => {
    tunnel?.close()
    gateway?.stop()
    await broker?.stop()
    scratch.remove()
  })

  const place = (): Arguments => [['-h', '127.0.0.1', '-p', String(tunnel.port)]]

  async function publish(args: Arguments, input = ''): Promise<void> {
    const { code, stderr } = await runProgram('mosquitto_pub', [...place(), ...args], { input })
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }

  test('what is published reaches a subscriber, in order, at every level of service', async () => {
    const subscriber = new Program('mosquitto_sub', [
      ...place(),
      ['-t', 'doors/#', '-q', '2', '-v', '-C', '30'],
    ])
    await broker.says(/Sending SUBACK/)
    for (const qos of ['0', '1', '2']) {
      const lines = Array.from({ length: 10 }, (_, at) => `${qos} ${at}\n`)
      await publish([['-t', `doors/${qos}`, '-q', qos, '-l']], lines.join(''))
    }
    const { code, stdout } = await subscriber.ended
    expect(code).toBe(0)
    const heard = stdout.split('\n').filter((line) => line.startsWith('doors/'))
    expect(heard).toEqual(
      [0, 1, 2].flatMap((qos) =>
        Array.from({ length: 10 }, (_, at) => `doors/${qos} ${qos} ${at}`),
      ),
    )
  })

  test('a message of 1 MiB that is retained', async () => {
    const text = randomBytes(768 * 1024).toString('base64')
    await publish([['-t', 'big', '-q', '1', '-r', '-s']], text)
    const heard = await runProgram('mosquitto_sub', [...place(), ['-t', 'big', '-C', '1', '-N']])
    expect(heard.code).toBe(0)
    expect(heard.stdout === text).toBe(true)
  })

  test('the session speaks mqtt, and its end is no failure', async () => {
    await publish([['-t', 'last', '-m', 'word']])
    const { id } = gateway.log.lines.findLast(({ msg }) => msg === 'session opened')!
    const closed = await gateway.log.line('session closed', { id })
    expect(closed).toMatchObject({ route: 'things', subprotocol: 'mqtt' })
    expect(closed).not.toHaveProperty('error')
  })
})
