import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Connection } from '../../../src/connection.ts'
import { faults, GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { parseUpgrade } from '../../../src/handshake/upgrade-request.ts'
import { VisibleRefusals } from '../../../src/handshake/visible-refusal.ts'
import { upgrade } from '../../support/edge-request.ts'
import { closePayload, readFrames } from '../../support/frames.ts'
import { RawClient } from '../../support/raw-client.ts'
import { SocketPairs } from '../../support/socket-pair.ts'

let pairs: SocketPairs
beforeAll(async () => {
  pairs = await SocketPairs.open('tcp')
})
afterAll(() => pairs.close())

const peer = { address: '192.0.2.1', port: 1, encrypted: false, servername: undefined }
const { signal } = new AbortController()

/** Refuses one client. */
async function refuse(
  token: Token,
  {
    lines = ['Origin: https://a.example'],
    offered = [] as string[],
    to = new VisibleRefusals(),
  } = {},
) {
  const { ours, peer: theirs } = await pairs.connect()
  const connection: Connection = {
    listener: 'edge',
    peer,
    socket: ours,
    signal,
    refusal: undefined,
  }
  const takeover = { accept: (head: string): void => void ours.write(head) }
  const error = new GatewayError(token, 'for operators only')
  const code = to.refuse({ connection, takeover }, parseUpgrade(upgrade(lines)), offered, error)
  return { code, ours, client: new RawClient(theirs) }
}

const codes: Partial<Record<Token, number>> = {
  'credentials-missing': 3000,
  'credentials-invalid': 3000,
  'credentials-expired': 3000,
  'permission-missing': 3003,
  'client-limit': 1013,
  'identity-limit': 1013,
  'route-limit': 1013,
  'upstream-unavailable': 1013,
  'gateway-full': 1013,
  'auth-unavailable': 1013,
  draining: 1013,
}

test.each(Object.keys(faults) as Token[])('what a page learns of %s', async (token) => {
  const { code, client } = await refuse(token)
  expect(code).toBe(codes[token])
  client.destroy()
})

test('is a 101, a Close, and the end', async () => {
  const { client } = await refuse('credentials-missing', { offered: ['chat.v2', 'chat.v1'] })
  const { status, headers } = await client.head()
  expect(status).toBe(101)
  expect(headers.get('sec-websocket-protocol')).toBe('chat.v2')
  expect(headers.has('sec-websocket-extensions')).toBe(false)
  const { frames, rest } = readFrames(await client.closed())
  expect(frames).toEqual([
    { opcode: 8, fin: true, masked: false, payload: closePayload(3000, 'credentials-missing') },
  ])
  expect(rest).toHaveLength(0)
  client.destroy()
})

test('is for pages alone', async () => {
  const { code, client } = await refuse('credentials-missing', { lines: [] })
  expect(code).toBeUndefined()
  client.destroy()
})

test('is for a hundred at once, each of which has a second', async () => {
  const to = new VisibleRefusals()
  const refused = []
  for (let count = 0; count < 100; count++)
    refused.push(await refuse('credentials-missing', { to }))
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set([3000]))
  const more = await refuse('credentials-missing', { to })
  expect(more.code).toBeUndefined()
  // They answer nothing and stay: their time ends.
  for (const { ours } of refused) if (!ours.closed) await once(ours, 'close')
  const next = await refuse('credentials-missing', { to })
  expect(next.code).toBe(3000)
  for (const { client } of [...refused, more, next]) client.destroy()
})
