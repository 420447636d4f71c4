import { Duplex } from 'node:stream'
import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { InterimFilter } from '../../../src/upstream/interim-filter.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** What a reader of 'readable' sees of these chunks, read as they come. */
async function read(chunks: readonly string[], most = 8): Promise<string> {
  const socket = new Duplex({ read: () => undefined, write: (_chunk, _encoding, done) => done() })
  let skipped = 0
  new InterimFilter(socket as Socket).arm({ countInterim: () => ++skipped <= most })
  let seen = ''
  socket.on('readable', () => {
    for (let chunk = socket.read(); chunk !== null; chunk = socket.read()) {
      seen += (chunk as Buffer).toString('latin1')
    }
  })
  for (const chunk of chunks) {
    socket.push(chunk, 'latin1')
    await new Promise(setImmediate)
  }
  return seen
}

test.each([
  ['nothing', ''],
  ['100', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['100 without a phrase', 'HTTP/1.1 100\r\n\r\n'],
  ['several kinds', 'HTTP/1.1 103 A\r\nLink: x\r\n\r\nHTTP/1.1 100 \r\n\r\nHTTP/1.1 199 B\r\n\r\n'],
])('takes out %s, wherever it is cut', async (_, interim) => {
  const bytes = interim + ok
  for (let cut = 0; cut <= bytes.length; cut++) {
    const parts = [bytes.slice(0, cut), bytes.slice(cut)].filter((part) => part !== '')
    expect(await read(parts)).toBe(ok)
  }
})

test.each([
  ['a 101', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['four digits', 'HTTP/1.1 1000 X\r\n\r\n'],
  ['another version', 'HTTP/1.0 100 X\r\n\r\n'],
  ['bare line ends', 'HTTP/1.1 100 X\n\nHTTP/1.1 200 OK\r\n\r\n'],
  ['bytes of no protocol', 'SSH-2.0-OpenSSH\r\n'],
  ['an endless head', `HTTP/1.1 100 X\r\nX: ${'x'.repeat(20_000)}`],
])('leaves %s to the parser', async (_, bytes) => {
  expect(await read([bytes])).toBe(bytes)
})

test('lets through what is too many', async () => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n'
  expect(await read([interim.repeat(3) + ok], 2)).toBe(interim + ok)
})

test('looks only at the start of an answer', async () => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\n'
  expect(await read([ok, interim])).toBe(ok + interim)
})
