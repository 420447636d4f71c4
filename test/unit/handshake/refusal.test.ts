import { afterEach, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { refuse, refuseSocket } from '../../../src/handshake/refusal.ts'
import { httpServer, rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { RawClient } from '../../support/raw-client.ts'

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

/** A client of a server that refuses every request with one token. */
async function visit(token: Token, refusal?: GatewayError): Promise<RawClient> {
  const peer = await httpServer((head, response) => {
    const facts = { listener: 'edge', signal: new AbortController().signal, refusal }
    const address = { address: '127.0.0.1', port: 1, encrypted: false, servername: undefined }
    const connection = { ...facts, peer: address, socket: head.socket }
    const exchange = { connection, head, response, takeover: undefined }
    refuse(exchange, new GatewayError(token, 'not for the client'))
  })
  peers.push(peer)
  return RawClient.connect(peer.port)
}

test.each<[Token, number, string, Record<string, string>]>([
  ['origin-denied', 403, 'keep-alive', {}],
  ['request-malformed', 400, 'close', {}],
  ['method-refused', 405, 'close', { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' }],
  ['upgrade-required', 426, 'close, Upgrade', { upgrade: 'websocket' }],
  [
    'version-unsupported',
    426,
    'close, Upgrade',
    { upgrade: 'websocket', 'sec-websocket-version': '13' },
  ],
  ['client-limit', 429, 'keep-alive', { 'retry-after': '1' }],
  ['draining', 503, 'close', { 'retry-after': '1' }],
  // Without a status of its own: it cannot happen before an answer.
  ['idle', 500, 'keep-alive', {}],
])('%s is %i, and its token the body', async (token, status, connection, headers) => {
  const client = await visit(token)
  client.send(request)
  const answer = await client.answer()
  expect([answer.status, answer.body]).toEqual([status, `${token}\n`])
  expect(answer.text).not.toContain('not for the client')
  expect(Object.fromEntries(answer.headers)).toMatchObject({ connection, ...headers })
  client.destroy()
})

test('a connection that may not come in is closed, whatever its token', async () => {
  const client = await visit('gateway-full', new GatewayError('gateway-full', 'no place'))
  client.send(request)
  expect((await client.answer()).headers.get('connection')).toBe('close')
  expect(await client.closed()).toHaveLength(0)
})

test('bytes that are no request get an answer too, and the end', async () => {
  const statuses: (number | undefined)[] = []
  const peer = await rawServer((socket) => {
    const error = new GatewayError('head-timeout', 'nothing came')
    statuses.push(refuseSocket(socket, error), refuseSocket(socket, error))
  })
  peers.push(peer)
  const client = await RawClient.connect(peer.port)
  const answer = await client.answer()
  expect([answer.status, answer.body]).toEqual([408, 'head-timeout\n'])
  expect(answer.headers.get('connection')).toBe('close')
  expect(await client.closed()).toHaveLength(0)
  // The second found a socket that is ending.
  expect(statuses).toEqual([408, undefined])
  client.destroy()
})
