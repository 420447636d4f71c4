import { afterAll, beforeAll, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'

let running: RunningGateway
beforeAll(async () => {
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    trustedProxies: ['127.0.0.1'],
    routes: [{ respond: { status: 200 } }],
  })
})
afterAll(() => running.stop())

const host = 'Host: App.example.com:8443'
const via = 'X-Forwarded-For: 203.0.113.9'
const origin = 'Origin: https://app.example.com'

test.each([
  {
    name: 'a method that is refused',
    lines: ['TRACE /secret?token=1 HTTP/1.1', host, via, origin],
    told: { error: 'method-refused', status: 405, client: '203.0.113.9', method: 'TRACE' },
  },
  {
    name: 'an expectation that is not met',
    lines: ['GET /secret?token=1 HTTP/1.1', host, via, origin, 'Expect: more'],
    told: { error: 'expectation-unsupported', client: '203.0.113.9', method: 'GET' },
  },
  {
    name: 'too many lines',
    lines: ['GET /secret HTTP/1.1', host, via, origin, ...Array.from({ length: 98 }, () => 'a: b')],
    told: { error: 'head-too-big', client: '203.0.113.9' },
  },
  {
    name: 'an X-Forwarded-For that cannot be read: the proxy is told',
    lines: ['GET /secret HTTP/1.1', host, 'X-Forwarded-For: nonsense', origin],
    told: { error: 'request-malformed', client: '127.0.0.1' },
  },
])('an early refusal is told with what can be known: $name', async ({ lines, told }) => {
  const client = await RawClient.connect(running.port())
  const from = running.log.lines.length
  client.send(`${lines.join('\r\n')}\r\n\r\n`)
  await client.answer()
  const refused = running.log.lines.slice(from).filter(({ msg }) => msg === 'refused')
  expect(refused).toHaveLength(1)
  expect(refused[0]).toMatchObject({
    host: 'app.example.com',
    path: '/secret',
    origin: 'https://app.example.com',
    ...told,
  })
  client.destroy()
})

test('a target that may hold a password is not told', async () => {
  const client = await RawClient.connect(running.port())
  client.send(`GET http://user:hunter2@app.example.com/ HTTP/1.1\r\n${host}\r\n\r\n`)
  expect((await client.answer()).status).toBe(400)
  expect(JSON.stringify(running.log.lines)).not.toContain('hunter2')
  client.destroy()
})
