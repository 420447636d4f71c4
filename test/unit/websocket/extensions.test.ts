import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  deflateOffers,
  parseExtensions,
  serializeExtensions,
  verifyAnswer,
} from '../../../src/websocket/extensions.ts'
import type { ExtensionOffer } from '../../../src/websocket/extensions.ts'

function offers(text: string): ExtensionOffer[] {
  const parsed = parseExtensions([text])
  if (parsed === undefined) throw new Error(`not a list of extensions: ${text}`)
  return parsed
}

describe('parseExtensions', () => {
  test.each([
    ['foo', [['foo', []]]],
    [
      'foo, bar',
      [
        ['foo', []],
        ['bar', []],
      ],
    ],
    [
      'foo,,\t,bar,',
      [
        ['foo', []],
        ['bar', []],
      ],
    ],
    ['foo; a', [['foo', [['a', undefined]]]]],
    [
      'foo;a=1;b="2" ; c',
      [
        [
          'foo',
          [
            ['a', '1'],
            ['b', '2'],
            ['c', undefined],
          ],
        ],
      ],
    ],
    ['foo; a = 1', [['foo', [['a', '1']]]]],
    ['foo; a="\\1\\2"', [['foo', [['a', '12']]]]],
    [
      'foo; a=1; a=2',
      [
        [
          'foo',
          [
            ['a', '1'],
            ['a', '2'],
          ],
        ],
      ],
    ],
    ['__proto__; constructor=1', [['__proto__', [['constructor', '1']]]]],
  ])('reads %j', (text, expected) => {
    expect(parseExtensions([text])?.map(({ name, params }) => [name, params])).toEqual(expected)
  })

  test('reads several lines as one list', () => {
    expect(parseExtensions(['foo; a', 'bar'])?.map(({ name }) => name)).toEqual(['foo', 'bar'])
  })

  test.each([
    [''],
    [' '],
    [','],
    [';'],
    ['foo;'],
    ['foo; '],
    ['; a'],
    ['foo bar'],
    ['foo; a b'],
    ['foo; a='],
    ['foo; =1'],
    ['foo; a=,'],
    ['foo; a="'],
    ['foo; a="1'],
    ['foo; a=""'],
    ['foo; a="1 2"'],
    ['foo; a="1,2"'],
    ['foo; a="1"2'],
    ['foo; a=1"2"'],
    ['foo=1'],
    ['"foo"'],
    ['foo; "a"'],
    ['foo/1'],
    ['f\xf6\xf6'],
    ['foo;;a'],
    ['foo; a=1=2'],
  ])('refuses %j', (text) => {
    expect(parseExtensions([text])).toBeUndefined()
  })

  test('an element may not run over the end of its line', () => {
    expect(parseExtensions(['foo; a="1', '2"'])).toBeUndefined()
  })

  test('reads what serializeExtensions writes', () => {
    const token = fc.string({
      unit: fc.constantFrom(..."aZ09!#$%&'*+-.^_`|~".split('')),
      minLength: 1,
    })
    const param = fc.tuple(token, fc.option(token, { nil: undefined }))
    const offer = fc.record({ name: token, params: fc.array(param, { maxLength: 4 }) })
    fc.assert(
      fc.property(fc.array(offer, { minLength: 1, maxLength: 5 }), (list) => {
        expect(parseExtensions([serializeExtensions(list) ?? ''])).toEqual(list)
      }),
    )
  })

  test('nothing is serialized as nothing', () => {
    expect(serializeExtensions([])).toBeUndefined()
  })
})

describe('deflateOffers', () => {
  test.each([
    ['permessage-deflate', 'permessage-deflate'],
    [
      'permessage-deflate; client_max_window_bits, x-webkit-deflate-frame',
      'permessage-deflate; client_max_window_bits',
    ],
    [
      'foo; a=1, permessage-deflate; server_no_context_takeover; client_no_context_takeover',
      'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    ],
    [
      'permessage-deflate; server_max_window_bits="10", permessage-deflate',
      'permessage-deflate; server_max_window_bits=10, permessage-deflate',
    ],
    [
      'permessage-deflate; client_max_window_bits=8',
      'permessage-deflate; client_max_window_bits=8',
    ],
  ])('keeps of %s', (text, kept) => {
    expect(serializeExtensions(deflateOffers(offers(text)))).toBe(kept)
  })

  test.each([
    'permessage-bzip2',
    'permessage-deflate; foo',
    'permessage-deflate; server_no_context_takeover=1',
    'permessage-deflate; client_no_context_takeover=true',
    'permessage-deflate; server_no_context_takeover; server_no_context_takeover',
    'permessage-deflate; server_max_window_bits',
    'permessage-deflate; server_max_window_bits=7',
    'permessage-deflate; server_max_window_bits=16',
    'permessage-deflate; server_max_window_bits=08',
    'permessage-deflate; client_max_window_bits=+8',
    'permessage-deflate; client_max_window_bits=1e1',
    'permessage-deflate; client_max_window_bits; client_max_window_bits=10',
    'permessage-deflate; __proto__',
  ])('drops %s', (text) => {
    expect(deflateOffers(offers(text))).toEqual([])
  })
})

describe('verifyAnswer', () => {
  test.each([
    ['permessage-deflate', 'permessage-deflate'],
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover'],
    ['permessage-deflate', 'permessage-deflate; client_no_context_takeover'],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=8'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits=15'],
    [
      'permessage-deflate; client_max_window_bits=12',
      'permessage-deflate; client_max_window_bits=12',
    ],
    [
      'permessage-deflate; server_max_window_bits=12',
      'permessage-deflate; server_max_window_bits=10',
    ],
    // The second offer is the one that was taken.
    ['permessage-deflate; server_no_context_takeover, permessage-deflate', 'permessage-deflate'],
  ])('to %s takes %s', (offered, answer) => {
    expect(verifyAnswer(offers(offered), [answer])).toEqual({ deflate: true, header: answer })
  })

  test('takes no answer as none', () => {
    expect(verifyAnswer(offers('permessage-deflate'), [])).toEqual({
      deflate: false,
      header: undefined,
    })
  })

  test('writes the answer without its quotes and blanks', () => {
    const answer = 'permessage-deflate;server_max_window_bits="10"'
    expect(verifyAnswer(offers('permessage-deflate'), [answer]).header).toBe(
      'permessage-deflate; server_max_window_bits=10',
    )
  })

  test.each([
    ['permessage-deflate', ''],
    ['permessage-deflate', 'permessage-deflate;'],
    ['permessage-deflate', 'foo'],
    ['permessage-deflate', 'permessage-deflate, foo'],
    ['permessage-deflate', 'permessage-deflate, permessage-deflate'],
    ['permessage-deflate', 'Permessage-Deflate'],
    ['permessage-deflate', 'permessage-deflate; foo'],
    ['permessage-deflate', 'permessage-deflate; client_max_window_bits=10'],
    ['permessage-deflate; client_max_window_bits', 'permessage-deflate; client_max_window_bits'],
    [
      'permessage-deflate; client_max_window_bits=10',
      'permessage-deflate; client_max_window_bits=11',
    ],
    ['permessage-deflate; server_max_window_bits=10', 'permessage-deflate'],
    [
      'permessage-deflate; server_max_window_bits=10',
      'permessage-deflate; server_max_window_bits=11',
    ],
    ['permessage-deflate; server_no_context_takeover', 'permessage-deflate'],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits'],
    ['permessage-deflate', 'permessage-deflate; server_max_window_bits=16'],
    ['permessage-deflate', 'permessage-deflate; server_no_context_takeover=1'],
    [
      'permessage-deflate',
      'permessage-deflate; server_max_window_bits=9; server_max_window_bits=9',
    ],
  ])('to %s refuses %j', (offered, answer) => {
    expect(() => verifyAnswer(offers(offered), [answer])).toThrow(
      expect.objectContaining({ token: 'upstream-handshake' }),
    )
  })

  test('refuses any answer where nothing was offered', () => {
    expect(() => verifyAnswer([], ['permessage-deflate'])).toThrow(
      expect.objectContaining({ token: 'upstream-handshake' }),
    )
  })

  test('refuses two lines of answers', () => {
    const lines = ['permessage-deflate', 'permessage-deflate']
    expect(() => verifyAnswer(offers('permessage-deflate'), lines)).toThrow(
      expect.objectContaining({ token: 'upstream-handshake' }),
    )
  })
})
