import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { expect, test } from 'vitest'
import type { Connection } from '../../../src/connection.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { refuse } from '../../../src/handshake/refusal.ts'

/** What a client is answered that is refused for this reason. */
async function answerTo(error: GatewayError): Promise<Response> {
  const { signal } = new AbortController()
  const peer = { address: '127.0.0.1', port: 1, encrypted: false, servername: undefined }
  const server = createServer((head, response) => {
    const socket: Socket = head.socket
    const connection: Connection = { listener: 'edge', peer, socket, signal, refusal: undefined }
    refuse({ head, response, connection, takeover: undefined }, error)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const answer = await fetch(`http://127.0.0.1:${port}/`)
  const whole = new Response(await answer.text(), answer)
  server.close()
  server.closeAllConnections()
  return whole
}

test.each<[Token, number, Record<string, string>]>([
  ['credentials-missing', 401, {}],
  ['permission-missing', 403, {}],
  ['identity-limit', 429, { 'retry-after': '1' }],
  ['auth-unavailable', 503, { 'retry-after': '5' }],
  ['version-unsupported', 426, { 'sec-websocket-version': '13' }],
])('%s is answered with %d and its name', async (token, status, headers) => {
  const answer = await answerTo(new GatewayError(token, 'for operators only'))
  expect(answer.status).toBe(status)
  expect(await answer.text()).toBe(`${token}\n`)
  for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name)).toBe(value)
})

test('the header lines that an error brings go out with it, several of one name too', async () => {
  const headers = ['WWW-Authenticate', 'Bearer realm="a"', 'WWW-Authenticate', 'Basic realm="b"']
  const answer = await answerTo(new GatewayError('credentials-missing', 'no', { headers }))
  expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="a", Basic realm="b"')
})
