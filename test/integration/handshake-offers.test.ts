import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { RawClient } from '../support/raw-client.ts'
import type { Head } from '../support/raw-client.ts'
import { recordingUpstream, switching } from '../support/recording-upstream.ts'
import type { RecordingUpstream } from '../support/recording-upstream.ts'
import { handshakeBytes } from './corpus/handshake-input.ts'
import {
  bridgeOffers,
  extensionOffers,
  foreignBridgeOffers,
  protocolOffers,
} from './corpus/handshake-offers.ts'

let upstream: RecordingUpstream
let backend: Peer
let running: RunningGateway

beforeAll(async () => {
  upstream = await recordingUpstream()
  backend = await rawServer((socket) => socket.resume())
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: {
      app: { servers: [`http://127.0.0.1:${upstream.port}`] },
      backend: { servers: [`tcp://127.0.0.1:${backend.port}`] },
    },
    routes: [
      { match: { path: '/bridge' }, bridge: 'backend', subprotocols: ['binary', 'base64'] },
      { match: { path: '/flat' }, proxy: 'app', compression: 'off' },
      { match: { path: '/ws' }, proxy: 'app' },
    ],
  })
})

afterAll(() => {
  running.stop()
  upstream.close()
  backend.close()
})

/**
 * Sends an upgrade with these lines. @returns the client's answer, and the head that the upstream
 * got
 */
async function handshake(
  path: string,
  lines: readonly string[],
  answers: readonly string[] = [],
): Promise<{ answer: Head & { body: string }; got: string }> {
  const before = upstream.connections.length
  upstream.play((connection, head) => connection.send(switching(head, answers)))
  const client = await RawClient.connect(running.port())
  client.send(handshakeBytes({ name: '', start: `GET ${path} HTTP/1.1`, lines, status: 101 }))
  const answer = await client.answer()
  const got = upstream.connections[before]?.all ?? ''
  client.destroy()
  return { answer, got }
}

function linesOf(head: string, name: string): string[] {
  const lines = head.split('\r\n').filter((line) => line.toLowerCase().startsWith(`${name}:`))
  return lines.map((line) => line.slice(name.length + 1).trim())
}

const protocolField = 'Sec-WebSocket-Protocol'
const extensionField = 'Sec-WebSocket-Extensions'

describe('a proxied WebSocket', () => {
  test.each(protocolOffers)(
    'passes subprotocols on: $name',
    async ({ offered, passed, answer }) => {
      const { answer: head, got } = await handshake(
        '/ws',
        offered.map((line) => `${protocolField}: ${line}`),
        answer === undefined ? [] : [`${protocolField}: ${answer}`],
      )
      expect(head.status).toBe(101)
      expect(linesOf(got, protocolField.toLowerCase())).toEqual(
        passed === undefined ? [] : [passed],
      )
      expect(head.headers.get(protocolField.toLowerCase())).toBe(answer)
    },
  )

  test.each(extensionOffers)('passes extensions on: $name', async ({ offered, passed, answer }) => {
    const { answer: head, got } = await handshake(
      '/ws',
      offered.map((line) => `${extensionField}: ${line}`),
      answer === undefined ? [] : [`${extensionField}: ${answer}`],
    )
    expect(head.status).toBe(101)
    expect(linesOf(got, extensionField.toLowerCase())).toEqual(passed === undefined ? [] : [passed])
    expect(head.headers.get(extensionField.toLowerCase())).toBe(answer)
  })

  test.each(extensionOffers)('offers nothing with compression: off: $name', async ({ offered }) => {
    const lines = offered.map((line) => `${extensionField}: ${line}`)
    const { answer, got } = await handshake('/flat', lines)
    expect(answer.status).toBe(101)
    expect(linesOf(got, extensionField.toLowerCase())).toEqual([])
    expect(answer.headers.has(extensionField.toLowerCase())).toBe(false)
  })

  test('refuses an upstream that agrees to what compression: off took out', async () => {
    const lines = [`${extensionField}: permessage-deflate`]
    const { answer } = await handshake('/flat', lines, lines)
    expect(answer).toMatchObject({ status: 502, body: 'upstream-handshake\n' })
  })
})

describe('a bridge', () => {
  test.each(bridgeOffers)('answers a subprotocol: $name', async ({ offered, chosen }) => {
    const { answer } = await handshake(
      '/bridge',
      offered.map((line) => `${protocolField}: ${line}`),
    )
    expect(answer.status).toBe(101)
    expect(answer.headers.get(protocolField.toLowerCase())).toBe(chosen)
  })

  test.each(foreignBridgeOffers)('refuses a client that offers only %s', async (...offered) => {
    const before = backend.sockets.size
    const { answer } = await handshake(
      '/bridge',
      offered.map((line) => `${protocolField}: ${line}`),
    )
    expect(answer).toMatchObject({ status: 400, body: 'subprotocol-unsupported\n' })
    expect(answer.headers.get('connection')).toBe('close')
    expect(backend.sockets.size).toBeLessThanOrEqual(before)
  })

  test('agrees to no extension', async () => {
    const { answer } = await handshake('/bridge', [`${extensionField}: permessage-deflate`])
    expect(answer.status).toBe(101)
    expect(answer.headers.has(extensionField.toLowerCase())).toBe(false)
  })
})
