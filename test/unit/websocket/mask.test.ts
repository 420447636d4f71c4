import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyMask } from '../../../src/websocket/mask.ts'
import { bytes } from '../../support/raw-client.ts'

test('unmasks the example of RFC 6455 section 5.7', () => {
  const payload = bytes('7f9f4d5158')
  applyMask(payload, 0, payload.length, 0x37fa213d, 0)
  expect(payload.toString()).toBe('Hello')
})

test('does at any place, length and offset what one byte at a time would do', () => {
  const key = fc.integer({ min: 0, max: 2 ** 32 - 1 })
  const place = fc.nat({ max: 9 })
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      key,
      place,
      place,
      place,
      (data, key, lead, trail, offset) => {
        const buffer = Buffer.concat([Buffer.alloc(lead), data, Buffer.alloc(trail)])
        applyMask(buffer, lead, lead + data.length, key, offset)
        const keyBytes = Buffer.alloc(4)
        keyBytes.writeUInt32BE(key)
        const expected = data.map((byte, i) => byte ^ keyBytes[(offset + i) % 4]!)
        expect(buffer).toEqual(Buffer.concat([Buffer.alloc(lead), expected, Buffer.alloc(trail)]))
      },
    ),
  )
})
