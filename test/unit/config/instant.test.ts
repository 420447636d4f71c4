import { expect, test } from 'vitest'
import { parseInstant } from '../../../src/config/instant.ts'

test.each([
  ['2030-01-31', '2030-01-31T00:00:00.000Z'],
  ['2028-02-29', '2028-02-29T00:00:00.000Z'],
  ['2030-01-31T12:00Z', '2030-01-31T12:00:00.000Z'],
  ['2030-01-31T12:00:01.5+02:00', '2030-01-31T10:00:01.500Z'],
])('reads %s', (text, instant) => {
  expect(new Date(parseInstant(text)!).toISOString()).toBe(instant)
})

test.each([
  '',
  '2030',
  '2030-01',
  '30-01-01',
  '2030-13-01',
  '2030-00-10',
  '2030-02-30',
  '2029-02-29',
  '2030-01-01T25:00Z',
  // A time without a zone is another one on every machine.
  '2030-01-01T12:00:00',
  '2030-01-01 12:00Z',
  '1 January 2030',
  '1893456000',
  'never',
])('is no instant: %j', (text) => {
  expect(parseInstant(text)).toBeUndefined()
})
