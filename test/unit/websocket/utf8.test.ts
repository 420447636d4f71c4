import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { incompleteTail, isUtf8, Utf8Repair, Utf8Validator } from '../../../src/websocket/utf8.ts'
import { anyText } from '../../support/any-text.ts'
import { bytes } from '../../support/raw-client.ts'

// Kuhn's classes: the first and last of each length, and what may not be.
const wellFormed = [
  '',
  '00',
  '7f',
  'c280',
  'dfbf',
  'e0a080',
  'ed9fbf',
  'ee8080',
  'efbfbf',
  'efbbbf',
  'f0908080',
  'f48fbfbf',
  'cebae1bdb9cf83cebcceb5',
  'efb7bf',
  'f09fbfbe',
]
const malformed = [
  '80',
  'bf',
  'c0',
  'c080',
  'c1bf',
  'c2',
  'c27f',
  'e080af',
  'e09fbf',
  'eda080',
  'edbfbf',
  'edafbfedbfbf',
  'e0a0',
  'f08080af',
  'f08fbfbf',
  'f4908080',
  'f5808080',
  'f888808080',
  'fe',
  'ff',
  'c3c3',
  'e28280c3',
  'f0908f',
  '41ff',
]

/**
 * Feeds one byte at a time. @returns where it failed, `end` for a character without its rest, or
 * `ok`
 */
function validate(data: Uint8Array): number | 'end' | 'ok' {
  const validator = new Utf8Validator()
  for (let at = 0; at < data.length; at++) if (!validator.feed(data, at, at + 1)) return at
  return validator.complete ? 'ok' : 'end'
}

describe('Utf8Validator', () => {
  test.each(wellFormed)('takes %s', (hex) => {
    expect(validate(bytes(hex))).toBe('ok')
    expect(isUtf8(bytes(hex))).toBe(true)
  })

  test.each(malformed)('refuses %s', (hex) => {
    expect(validate(bytes(hex))).not.toBe('ok')
    expect(isUtf8(bytes(hex))).toBe(false)
  })

  test.each([
    ['a surrogate at its second byte', 'ed a0 80', 1],
    ['beyond U+10FFFF at its second byte', 'f4 90 80 80', 1],
    ['an overlong form at its first byte', 'c0 af', 0],
    ['a character cut short at the byte that follows', 'e2 82 41', 2],
  ])('knows %s', (_, hex, at) => expect(validate(bytes(hex))).toBe(at))

  test('agrees with the decoder, however the bytes are cut', () => {
    const piece = fc.oneof(
      anyText().map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 4 }),
    )
    const data = fc.array(piece, { maxLength: 40 }).map((pieces) => Buffer.concat(pieces))
    fc.assert(
      fc.property(data, fc.array(fc.nat({ max: 400 })), (data, cuts) => {
        const validator = new Utf8Validator()
        const places = [
          0,
          ...cuts.filter((cut) => cut < data.length).sort((a, b) => a - b),
          data.length,
        ]
        const fed = places.slice(1).every((to, i) => validator.feed(data, places[i]!, to))
        expect(fed && validator.complete).toBe(isUtf8(data))
      }),
    )
  })

  test('starts anew after reset', () => {
    const validator = new Utf8Validator()
    validator.feed(bytes('e0'), 0, 1)
    validator.reset()
    expect(validator.feed(bytes('41'), 0, 1) && validator.complete).toBe(true)
  })
})

test.each([
  ['', 0],
  ['41', 0],
  ['c3', 1],
  ['41 e2 82', 2],
  ['f0 9f 98', 3],
  ['f0 9f 98 80', 0],
  ['80', 0],
  ['80 80 80', 0],
  ['e0 80', 0],
  ['ed a0', 0],
  ['f4 90', 0],
  ['f0 80', 0],
  ['ff', 0],
  ['c1', 0],
  ['c3 c3', 1],
])('%s ends with %i bytes of a character that may be completed', (hex, count) => {
  const data = bytes(hex)
  expect(incompleteTail(data, 0, data.length)).toBe(count)
})

describe('Utf8Repair', () => {
  test('gives what the decoder makes of the whole, every piece valid, however the stream is cut', () => {
    const stream = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((data) => Buffer.from(data)),
      anyText().map((text) => Buffer.from(text)),
    )
    fc.assert(
      fc.property(stream, fc.array(fc.nat({ max: 60 })), (stream, cuts) => {
        const repair = new Utf8Repair()
        const places = [
          0,
          ...cuts.filter((cut) => cut < stream.length).sort((a, b) => a - b),
          stream.length,
        ]
        const pieces: Buffer[] = places
          .slice(1)
          .map((to, i) => Buffer.from(repair.take(stream, places[i]!, to)))
        pieces.push(repair.end())
        expect(pieces.every((piece) => isUtf8(piece))).toBe(true)
        const decoded = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new Uint8Array(stream))
        expect(Buffer.concat(pieces).toString()).toBe(decoded)
      }),
    )
  })

  test('never cuts a character', () => {
    const repair = new Utf8Repair()
    const euro = bytes('41 e2 82 ac 42')
    expect(repair.take(euro, 0, 3).toString()).toBe('A')
    expect(repair.take(euro, 3, 5).toString()).toBe('€B')
    expect(repair.end()).toHaveLength(0)
  })

  test('ends a character without its rest with U+FFFD', () => {
    const repair = new Utf8Repair()
    expect(repair.take(bytes('e2 82'), 0, 2)).toHaveLength(0)
    expect(repair.end().toString()).toBe('\ufffd')
  })
})
