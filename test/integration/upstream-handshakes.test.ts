import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import { clientFrame, frame } from '../support/frames.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, sampleAccept, upgradeHead } from '../support/raw-client.ts'
import type { Head } from '../support/raw-client.ts'
import { recordingUpstream, switching } from '../support/recording-upstream.ts'
import type { RecordedConnection, RecordingUpstream } from '../support/recording-upstream.ts'
import { hostileAnswers } from '../unit/upstream/hostile-answers.ts'
import { badSwitches, goodSwitches } from './corpus/upstream-switches.ts'

let upstream: RecordingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await recordingUpstream()
  running = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, { timeouts: { closing: '10m' } }),
  )
})

afterAll(async () => {
  for (const connection of upstream.connections) connection.destroy()
  // With this `closing`, a session or socket that was forgotten would keep the drain waiting.
  await running.gateway.drain()
  upstream.close()
})

function filledIn(answer: string, head: Head): string {
  const key = head.headers.get('sec-websocket-key') ?? ''
  const accept = acceptKey(key)
  return answer
    .replaceAll('<accept>', accept)
    .replaceAll('<lower>', accept.toLowerCase())
    .replaceAll('<cut>', accept.slice(0, -1))
    .replaceAll('<key>', key)
}

interface Played {
  readonly client: RawClient
  readonly behind: RecordedConnection
}

/** Sends an upgrade; the upstream answers as `script` says. */
async function upgrade(
  script: (connection: RecordedConnection, head: Head) => void,
  offers: Readonly<Record<string, string>> = {},
): Promise<Played> {
  const before = upstream.connections.length
  upstream.play(script)
  const client = await RawClient.connect(running.port())
  client.send(upgradeHead('/ws', offers))
  return { client, behind: await upstream.connection(before) }
}

describe('a 101', () => {
  test.each(badSwitches)('is not believed: $name', async ({ answer, offers }) => {
    const early = frame({ opcode: Opcode.text, payload: 'evil' }).toString('latin1')
    const { client, behind } = await upgrade(
      (connection, head) => connection.send(filledIn(answer, head) + early),
      offers,
    )
    expect(await client.answer()).toMatchObject({ status: 502, body: 'upstream-handshake\n' })
    expect(await client.closed()).toHaveLength(0)
    await behind.gone
    client.destroy()
  })

  test.each(goodSwitches)('is believed: $name', async ({ answer, offers }) => {
    const early = frame({ opcode: Opcode.text, payload: 'early' })
    const { client, behind } = await upgrade(
      // In the same packet as the 101.
      (connection, head) => connection.send(filledIn(answer, head) + early.toString('latin1')),
      offers,
    )
    const { status, headers } = await client.head()
    expect(status).toBe(101)
    expect(headers.get('sec-websocket-accept')).toBe(sampleAccept)
    // The client's handshake is with the gateway: nothing of the upstream's but what was agreed.
    for (const name of ['server', 'date', 'set-cookie', 'link'])
      expect(headers.has(name)).toBe(false)
    expect(await client.take(early.length)).toEqual(early)
    const late = clientFrame({ payload: 'late' })
    client.send(late)
    expect(await behind.take(late.length)).toEqual(late)
    client.destroy()
    behind.destroy()
  })

  test('may come byte by byte, and a frame behind it too', async () => {
    const early = frame({ opcode: Opcode.text, payload: 'early' })
    const { client, behind } = await upgrade((connection, head) => {
      const all = Buffer.concat([Buffer.from(switching(head)), early])
      const next = (at: number): void => {
        if (at < all.length)
          connection.socket.write(all.subarray(at, at + 1), () => setImmediate(next, at + 1))
      }
      next(0)
    })
    expect((await client.head()).status).toBe(101)
    expect(await client.take(early.length)).toEqual(early)
    client.destroy()
    behind.destroy()
  })

  test('with a frame that breaks the rules behind it opens, and ends at once', async () => {
    const masked = clientFrame({ opcode: Opcode.text, payload: 'evil' }).toString('latin1')
    const { client, behind } = await upgrade((connection, head) =>
      connection.send(switching(head) + masked),
    )
    expect((await client.head()).status).toBe(101)
    const close = await client.take(4)
    expect(close.subarray(0, 1).toString('hex') + close.subarray(2).toString('hex')).toBe('8803f3')
    client.destroy()
    behind.destroy()
  })
})

describe('an answer to an upgrade that is none', () => {
  test.each(hostileAnswers)('gets 502: $name ($token)', async ({ bytes, fin, token }) => {
    const { client, behind } = await upgrade((connection) => {
      connection.send(bytes)
      if (fin === true) connection.end()
    })
    expect(await client.answer()).toMatchObject({ status: 502, body: `${token}\n` })
    expect(await client.closed()).toHaveLength(0)
    await behind.gone
    client.destroy()
  })

  test.each([
    ['before it', ''],
    ['inside its status line', 'HTTP/1.1 10'],
    ['inside its head', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: web'],
  ])('gets 502 where a reset comes %s', async (_, bytes) => {
    const { client, behind } = await upgrade((connection) => {
      connection.socket.write(Buffer.from(bytes), () => connection.reset())
    })
    expect(await client.answer()).toMatchObject({ status: 502, body: 'upstream-lost\n' })
    expect(await client.closed()).toHaveLength(0)
    await behind.gone
    client.destroy()
  })
})
