import { describe, expect, test } from 'vitest'
import { dataHeader, encodeClose, encodeControl } from '../../../src/websocket/encode.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { frame, readFrames } from '../../support/frames.ts'

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])(
  'a data header for %i bytes is the shortest',
  (length) => {
    const whole = frame({ opcode: Opcode.binary, payload: Buffer.alloc(length) })
    expect(dataHeader(Opcode.binary, length)).toEqual(whole.subarray(0, whole.length - length))
  },
)

test('a data header holds lengths above 32 bits', () => {
  expect(dataHeader(Opcode.text, 2 ** 40 + 5).toString('hex')).toBe('817f0000010000000005')
})

describe('control frames', () => {
  test('towards a client are not masked', () => {
    expect(encodeControl(Opcode.ping, Buffer.from('hi'), false).toString('hex')).toBe('89026869')
  })

  test('towards a server are masked with a key that changes', () => {
    const frames = Array.from({ length: 8 }, () =>
      encodeControl(Opcode.ping, Buffer.from('hi'), true),
    )
    for (const encoded of frames) {
      const [read] = readFrames(encoded).frames
      expect(read).toMatchObject({ masked: true, payload: Buffer.from('hi') })
    }
    expect(new Set(frames.map((encoded) => encoded.toString('hex', 2, 6))).size).toBeGreaterThan(1)
  })

  test('hold at most 125 bytes', () => {
    expect(() => encodeControl(Opcode.ping, Buffer.alloc(126), false)).toThrow(RangeError)
  })
})

test.each([
  ['a code and a reason', { code: 1000, reason: 'bye' }, '880503e8627965'],
  ['a code alone', { code: 4999, reason: '' }, '88021387'],
  ['no code', { code: 1005, reason: '' }, '8800'],
])('a Close with %s', (_, close, hex) => {
  expect(encodeClose(close, false).toString('hex')).toBe(hex)
})
