import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { readForm } from '../../../src/http/form-body.ts'
import { edgeRequest } from '../../support/edge-request.ts'
import { httpServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { RawClient } from '../../support/raw-client.ts'

let server: Peer
let controller: AbortController
let arrived: PromiseWithResolvers<void>

async function serve(head: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method, url, rawHeaders } = head
  const lines = rawHeaders.flatMap((name, at) =>
    at % 2 === 0 ? [`${name}: ${rawHeaders[at + 1]}`] : [],
  )
  const request = edgeRequest([`${method} ${url} HTTP/1.1`, ...lines])
  const options = { maxBytes: 100, withinMs: 100, signal: controller.signal }
  arrived.resolve()
  try {
    response.end(JSON.stringify([...(await readForm(request, head, response, options))]))
  } catch (error) {
    response.shouldKeepAlive = false
    response.end(GatewayError.from(error).token)
  }
}

beforeAll(async () => {
  server = await httpServer((head, response) => void serve(head, response))
})
afterAll(() => server.close())

function begin(): void {
  controller = new AbortController()
  arrived = Promise.withResolvers()
}

const form = 'Content-Type: application/x-www-form-urlencoded'

async function post(lines: readonly string[], body: string): Promise<string> {
  begin()
  const client = await RawClient.connect(server.port)
  client.send(`POST / HTTP/1.1\r\nHost: a\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  const answer = await client.answer()
  client.destroy()
  return answer.body
}

test.each([
  ['a form', [form, 'Content-Length: 11'], 'a=1&b=%20+x', '[["a","1"],["b","  x"]]'],
  ['one in chunks', [form, 'Transfer-Encoding: chunked'], '3\r\na=1\r\n0\r\n\r\n', '[["a","1"]]'],
  ['one with a charset', [`${form}; charset=utf-8`, 'Content-Length: 3'], 'a=1', '[["a","1"]]'],
  ['repeated keys', [form, 'Content-Length: 7'], 'a=1&a=2', '[["a","1"],["a","2"]]'],
  ['another type', ['Content-Type: text/plain', 'Content-Length: 3'], 'a=1', 'request-malformed'],
  ['no type', ['Content-Length: 3'], 'a=1', 'request-malformed'],
  ['no body', [form], '', 'request-malformed'],
  ['one too long by its length', [form, 'Content-Length: 101'], '', 'body-too-big'],
  [
    'one too long in chunks',
    [form, 'Transfer-Encoding: chunked'],
    `65\r\n${'x'.repeat(101)}\r\n0\r\n\r\n`,
    'body-too-big',
  ],
  ['one that does not come', [form, 'Content-Length: 3'], 'a=', 'body-timeout'],
])('%s', async (_, lines, body, expected) => {
  expect(await post(lines, body)).toBe(expected)
})

test('a client that comes a byte at a time has no longer than others', async () => {
  begin()
  const client = await RawClient.connect(server.port)
  client.send(`POST / HTTP/1.1\r\nHost: a\r\n${form}\r\nContent-Length: 90\r\n\r\n`)
  const drip = setInterval(() => client.send('x'), 20)
  expect((await client.answer()).body).toBe('body-timeout')
  clearInterval(drip)
  client.destroy()
})

test('whoever is given up is not waited for', async () => {
  const answered = post([form, 'Content-Length: 3'], 'a')
  await arrived.promise
  controller.abort(new GatewayError('client-lost', 'gone'))
  expect(await answered).toBe('client-lost')
})
