import { Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import { rawServer } from '../support/peers.ts'
import { RawClient } from '../support/raw-client.ts'
import { RawGateway } from '../support/raw-session.ts'

const watched = vi.spyOn(Socket.prototype, 'setKeepAlive')
afterEach(() => watched.mockClear())

test.each([
  { what: 'a relay whose peers are pinged', kind: 'relay', ping: '30s', sockets: 0 },
  { what: 'a relay without pings', kind: 'relay', ping: 'none', sockets: 2 },
  { what: 'a bridge whose client is pinged', kind: 'bridge', ping: '30s', sockets: 1 },
  { what: 'a bridge without pings', kind: 'bridge', ping: 'none', sockets: 2 },
] as const)('the kernel watches $sockets sockets of $what', async ({ kind, ping, sockets }) => {
  const gateway = await RawGateway[kind]({ timeouts: { ping } })
  const { client, upstream, closed } = await gateway.open()
  const calls = [...watched.mock.calls]
  client.reset()
  await closed()
  upstream.destroy()
  gateway.stop()
  expect(calls).toEqual(Array.from({ length: sockets }, () => [true, 60_000]))
})

test('the kernel watches both connections of a plain request, which may be silent', async () => {
  const upstream = await rawServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'))
  })
  const gateway = await startGateway(proxyTo(`http://127.0.0.1:${upstream.port}`))
  const client = await RawClient.connect(gateway.port())
  client.send('GET / HTTP/1.1\r\nHost: app.example\r\n\r\n')
  expect((await client.head()).status).toBe(204)
  expect(watched.mock.calls).toEqual([
    [true, 60_000],
    [true, 60_000],
  ])
  client.destroy()
  gateway.stop()
  upstream.close()
})
