import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect, createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { answerWhole, closeLingering } from '../../src/answer.ts'
import { RawClient } from '../support/raw-client.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A server that answers every request in the same way. */
async function visit(answer: (head: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(answer).on('checkContinue', answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  return RawClient.connect((server.address() as AddressInfo).port)
}

function teapot(head: IncomingMessage, response: ServerResponse): void {
  answerWhole(head, response, 418, { 'X-Kind': 'pot' }, 'short and st\u00f6ut')
}

/** The server's end of a connection, and the client's. */
async function pair(): Promise<{ socket: Socket; client: RawClient }> {
  const server = createTcpServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  closing.push(() => server.close())
  const accepted = once(server, 'connection')
  const client = new RawClient(
    connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true }),
  )
  const [socket] = (await accepted) as [Socket]
  return { socket, client }
}

describe('answerWhole', () => {
  test('cuts a client that takes nothing of its answer', async () => {
    const large = 'x'.repeat(16 * 1_024 * 1_024)
    const gone = Promise.withResolvers<void>()
    const client = await visit((head, response) => {
      // It would never come: the client reads nothing, and the kernel does not hold that much.
      response.once('close', gone.resolve)
      answerWhole(head, response, 200, {}, large, 200)
    })
    client.socket.pause()
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await gone.promise
    client.destroy()
  })

  test.each([
    ['no body', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a body of nothing', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'],
  ])('leaves a connection open behind a request with %s', async (_, request) => {
    const client = await visit(teapot)
    for (const turn of [1, 2]) {
      client.send(request)
      const answer = await client.answer()
      expect([turn, answer.status, Buffer.from(answer.body, 'latin1').toString()]).toEqual([
        turn,
        418,
        'short and st\u00f6ut',
      ])
      expect(answer.headers.get('x-kind')).toBe('pot')
      expect(answer.headers.get('connection')).toBe('keep-alive')
    }
    client.destroy()
  })

  test('sends no length where there is no body to speak of', async () => {
    const client = await visit((head, response) => answerWhole(head, response, 204, {}, undefined))
    client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    const { headers } = await client.head()
    expect([headers.has('content-length'), headers.has('transfer-encoding')]).toEqual([
      false,
      false,
    ])
    client.destroy()
  })

  test.each([
    ['a length', 'Content-Length: 9', '123456789'],
    ['chunks', 'Transfer-Encoding: chunked', '9\r\n123456789\r\n0\r\n\r\n'],
  ])('answers before a body of %s has come, and closes once it has', async (_, line, body) => {
    const client = await visit(teapot)
    client.send(`POST / HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`)
    const answer = await client.answer()
    expect([answer.status, answer.headers.get('connection')]).toEqual([418, 'close'])
    expect(client.ended).toBe(false)
    client.send(body)
    expect(await client.closed()).toHaveLength(0)
    expect(client.wasReset).toBe(false)
  })

  test('waits for no body that the client holds back until it is asked for it', async () => {
    const client = await visit(teapot)
    client.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n')
    expect((await client.answer()).headers.get('connection')).toBe('close')
    expect(await client.closed()).toHaveLength(0)
  })
})

describe('closeLingering', () => {
  test('what was written arrives before the end, whatever is still unread', async () => {
    const { socket, client } = await pair()
    client.send('x'.repeat(100_000))
    socket.write('answer')
    closeLingering(socket)
    expect((await client.closed()).toString()).toBe('answer')
    expect(client.wasReset).toBe(false)
    client.send('more')
    client.end()
    await once(socket, 'close')
    expect(client.wasReset).toBe(false)
  })

  test('a client that never ends is not waited for for ever', async () => {
    const { socket, client } = await pair()
    closeLingering(socket)
    await client.closed()
    await once(socket, 'close')
    client.destroy()
  })

  test('a socket that is gone is left alone', async () => {
    const { socket, client } = await pair()
    socket.destroy()
    const before = socket.listenerCount('end')
    closeLingering(socket)
    expect(socket.listenerCount('end')).toBe(before)
    client.destroy()
  })
})
