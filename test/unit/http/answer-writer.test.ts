import { once } from 'node:events'
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { AnswerWriter } from '../../../src/http/answer-writer.ts'
import { RawClient } from '../../support/raw-client.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

async function answering(version = '1.1') {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const asked = once(server, 'request') as Promise<[unknown, ServerResponse]>
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  client.send(`GET / HTTP/${version}\r\nHost: x\r\n\r\n`)
  const [, response] = await asked
  const lost: string[] = []
  const writer = new AnswerWriter(response, {
    stallMs: 60_000,
    resume: () => undefined,
    lost: ({ token }) => lost.push(token),
  })
  closing.push(
    () => client.destroy(),
    () => server.close(),
  )
  return { client, response, writer, lost }
}

test('a head goes out alone where no body is there yet, byte for byte', async () => {
  const { client, writer } = await answering()
  writer.head(200, 'Fine', ['X-Name', '\xc3\xa9', 'x-name', '2', 'Content-Length', '2'])
  const { text } = await client.head()
  expect(text).toMatch(/^HTTP\/1.1 200 Fine\r\nX-Name: \xc3\xa9\r\nx-name: 2\r\n/)
  writer.write(Buffer.from('ok'))
  await writer.end()
  expect((await client.take(2)).toString()).toBe('ok')
  expect(writer.sent).toBe(2)
})

test('a small answer that is whole in one turn is one write', async () => {
  const { client, response, writer } = await answering()
  const written = vi.spyOn(response.socket!, 'write')
  writer.head(200, 'OK', ['Content-Length', '2'])
  writer.write(Buffer.from([0xc3, 0xa9]))
  await writer.end()
  // Node 22 ends it with a write of nothing.
  const pieces = written.mock.calls.filter(([piece]) => piece.length > 0)
  expect(pieces).toHaveLength(1)
  await client.head()
  expect(await client.take(2)).toEqual(Buffer.from([0xc3, 0xa9]))
})

test('a small piece goes out with the head though its end is long in coming', async () => {
  const { client, writer } = await answering()
  writer.head(200, 'OK', ['Content-Length', '4'])
  writer.write(Buffer.from('ti'))
  await client.head()
  expect((await client.take(2)).toString()).toBe('ti')
  writer.write(Buffer.from('ck'))
  await writer.end()
  expect((await client.take(2)).toString()).toBe('ck')
})

test('pieces of one turn stay in order', async () => {
  const { client, writer } = await answering()
  const pieces = ['a', 'b', 'c'.repeat(5_000), 'd']
  writer.head(200, 'OK', ['Content-Length', '5003'])
  for (const piece of pieces) writer.write(Buffer.from(piece))
  await writer.end()
  await client.head()
  expect((await client.take(5_003)).toString()).toBe(pieces.join(''))
  expect(writer.sent).toBe(5_003)
})

test('a small answer without a length is a chunk, with its trailers behind it', async () => {
  const { client, writer } = await answering()
  writer.head(200, 'OK', [])
  writer.write(Buffer.from('ab'))
  await writer.end(['X-Sum', '1'])
  await client.head()
  const wanted = '2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n'
  expect((await client.take(wanted.length)).toString()).toBe(wanted)
})

test.each(['', 'Un\xe9'])("a phrase that cannot be sent becomes Node's own: %j", async (phrase) => {
  const { client, writer } = await answering()
  writer.head(404, phrase, [])
  expect((await client.head()).text).toMatch(/^HTTP\/1.1 404 Not Found\r\n/)
})

test('a head that cannot be sent is upstream-invalid', async () => {
  const { writer } = await answering()
  expect(() => writer.head(200, '', ['X', 'a\nb'])).toThrow(
    expect.objectContaining({ token: 'upstream-invalid' }),
  )
  expect(writer.started).toBe(false)
})

test('a body that only the end of the connection ends is cut by a reset', async () => {
  const { client, writer } = await answering('1.0')
  writer.head(200, 'OK', [])
  writer.write(Buffer.from('half'))
  await client.head()
  await client.take(4)
  writer.cut()
  await client.closed()
  expect(client.wasReset).toBe(true)
})

test('a client that leaves is told once', async () => {
  const { client, writer, lost } = await answering()
  writer.head(200, 'OK', [])
  await client.head()
  client.reset()
  await expect(writer.end()).rejects.toMatchObject({ token: 'client-lost' })
  expect(lost).toEqual(['client-lost'])
})

test('the clock of an idle connection starts behind an answer that was slow to go out, too', async () => {
  const { client, response, writer } = await answering()
  const socket = response.socket!
  client.socket.pause()
  const body = Buffer.alloc(16 << 20)
  writer.head(200, 'OK', ['Content-Length', String(body.length)])
  writer.write(body)
  const ended = writer.end()
  expect(socket.timeout).toBe(60_000)
  client.socket.resume()
  await ended
  // Node's own, from now on.
  expect(socket.timeout).toBeGreaterThan(0)
  expect(socket.timeout).not.toBe(60_000)
})
