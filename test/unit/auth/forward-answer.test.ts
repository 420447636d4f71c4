import { expect, test } from 'vitest'
import { AnswerHeaders, passedAnswer, textOf } from '../../../src/auth/forward-answer.ts'

test('finds the lines of a name in any case, but those of the connection', () => {
  const headers = new AnswerHeaders([
    'X-User',
    'ada',
    'x-user',
    'grace',
    'X-Role',
    'admin',
    'Connection',
    'close, X-Role',
  ])
  expect(headers.all('x-user')).toEqual(['ada', 'grace'])
  expect(headers.all('x-role')).toEqual([])
  expect(headers.all('__proto__')).toEqual([])
})

test.each([
  ['text', ['X', 'a\tb ~'], true],
  ['bytes beyond ASCII', ['X', '\xff'], true],
  ['NUL', ['X', 'a\0'], false],
  ['DEL', ['X', '\x7f'], false],
  ['a line feed', ['X', 'a\nY: b'], false],
])('tells whether values may stand in headers: %s', (_, lines, wellFormed) => {
  expect(new AnswerHeaders(lines).wellFormed).toBe(wellFormed)
})

test('passes nothing on that is the connection’s, or ours to write', () => {
  const dropped =
    'Connection Keep-Alive Transfer-Encoding Content-Length Upgrade Trailer TE Proxy-Authenticate Date ' +
    'Sec-WebSocket-Accept X-Session-Expires'
  const lines = dropped.split(' ').flatMap((name) => [name, 'x'])
  expect(new AnswerHeaders([...lines, 'Location', '/login']).passed()).toEqual([
    'Location',
    '/login',
  ])
})

test.each([
  ['as UTF-8', [], Buffer.from('anmelden: jürgen'), 'anmelden: jürgen'],
  ['of the identity coding', ['Content-Encoding', 'identity'], Buffer.from('no'), 'no'],
  ['not where it is compressed', ['Content-Encoding', 'gzip'], Buffer.from('\x1f'), ''],
])('passes a body on: %s', (_, lines, body, expected) => {
  const answer = { status: 401, headers: lines, body }
  expect(passedAnswer(answer, new AnswerHeaders(lines))).toEqual({
    kind: 'answer',
    status: 401,
    headers: [],
    body: expected,
  })
})

test('reads a value as UTF-8 where it is', () => {
  expect(textOf(Buffer.from('jürgen').toString('latin1'))).toBe('jürgen')
  expect(textOf('j\xfcrgen')).toBe('jürgen')
})
