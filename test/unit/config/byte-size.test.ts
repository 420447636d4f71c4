import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseByteSize } from '../../../src/config/byte-size.ts'

test.each([
  ['0B', 0],
  ['512B', 512],
  ['64KiB', 65_536],
  ['1MiB', 1_048_576],
  ['2GiB', 2_147_483_648],
  ['1TiB', 1_099_511_627_776],
  ['9007199254740991B', Number.MAX_SAFE_INTEGER],
])('%s is %d bytes', (text, bytes) => {
  expect(parseByteSize(text)).toBe(bytes)
})

test.each([
  '',
  '64',
  'KiB',
  '64KB',
  '64kB',
  '64kib',
  '64K',
  '1.5MiB',
  '-1B',
  ' 1B',
  '1 KiB',
  '1MiB/s',
  'none',
  '8192TiB',
])('is no size: %j', (text) => {
  expect(parseByteSize(text)).toBeUndefined()
})

test('a size is its number times its unit', () => {
  fc.assert(
    fc.property(fc.nat(), fc.constantFrom('B', 'KiB', 'MiB'), (count, unit) => {
      const power = ['B', 'KiB', 'MiB'].indexOf(unit)
      expect(parseByteSize(`${count}${unit}`)).toBe(count * 1024 ** power)
    }),
  )
})

test('any text gives whole bytes, or nothing', () => {
  const near = fc.stringMatching(/^[0-9]{0,17}(?:B|KiB|MiB|GiB|TiB|)$/)
  fc.assert(
    fc.property(fc.oneof(fc.string(), near), (text) => {
      expect(Number.isSafeInteger(parseByteSize(text) ?? 0)).toBe(true)
    }),
  )
})
