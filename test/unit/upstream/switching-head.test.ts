import { expect, test } from 'vitest'
import { readSwitchingHead } from '../../../src/upstream/switching-head.ts'

const head =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-A:\t b \t\r\nX-a: \xe9\r\n\r\n'

function read(text: string): ReturnType<typeof readSwitchingHead> {
  return readSwitchingHead(Buffer.from(text, 'latin1'))
}

test('gives the lines in order, names in lower case, values without the blanks around them', () => {
  expect(read(`${head}frames`)).toEqual({
    headers: ['upgrade', 'websocket', 'x-a', 'b', 'x-a', '\xe9'],
    end: head.length,
  })
})

test('takes a status line without a reason, with and without its blank', () => {
  for (const line of ['HTTP/1.1 101', 'HTTP/1.1 101 ']) {
    expect(read(`${line}\r\nA: b\r\n\r\n`)).toMatchObject({ headers: ['a', 'b'] })
  }
})

test('is undecided at every byte before the end', () => {
  for (let at = 0; at < head.length; at++) expect(read(head.slice(0, at))).toBe('partial')
})

test.each([
  ['another status', head.replace('101', '200')],
  ['an interim answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
  ['a status of four digits', head.replace('101', '1010')],
  ['HTTP/1.0', head.replace('1.1', '1.0')],
  ['another protocol', 'SSH-2.0-OpenSSH\r\n'],
  ['a bare LF', head.replace('\r\nX-A', '\nX-A')],
  ['a bare CR', head.replace('\t b', 'a\rb')],
  ['a NUL', head.replace('\t b', 'a\0b')],
  ['DEL', head.replace('\t b', 'a\x7fb')],
  ['a folded line', head.replace('X-A', ' X-A')],
  ['a blank before the colon', head.replace('X-A:', 'X-A :')],
  ['no name', head.replace('X-A:', ':')],
  ['no colon', head.replace('X-A:', 'X-A')],
  ['no line at all', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ['a control character in the reason', head.replace('Switching', 'Swit\x07ching')],
  ['a length', head.replace('X-A', 'content-length')],
  ['a transfer coding', head.replace('X-A', 'Transfer-Encoding')],
  ['more bytes than a plain head has', head.replace('\t b', 'b'.repeat(5_000))],
  ['too many bytes without an end', `HTTP/1.1 101 \r\nA: ${'b'.repeat(5_000)}`],
])('leaves to the parser: %s', (_, text) => {
  expect(read(text)).toBe('other')
})

test('is decided at the first byte that no 101 has', () => {
  expect(read('HTTP/1.1 4')).toBe('other')
  expect(read('I')).toBe('other')
})
