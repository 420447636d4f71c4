import { expect, test } from 'vitest'
import { hashText, mixPair } from '../../../../src/upstream/balance/hash.ts'

test('texts that differ in one letter, in length or in order have hashes of their own', () => {
  const texts = [
    '',
    'a',
    'b',
    'ab',
    'ba',
    'aa',
    'aaa',
    '\0',
    '\0\0',
    'é',
    'http://a:1',
    'http://a:2',
  ]
  const hashes = texts.map((text) => JSON.stringify(hashText(text)))
  expect(new Set(hashes).size).toBe(texts.length)
})

test('one bit more or less changes half of what comes out', () => {
  const home = hashText('http://10.0.0.1:9001')
  let changed = 0
  const keys = 4_096
  for (let count = 0; count < keys; count++) {
    const one = hashText(`key-${String.fromCharCode(2 * count)}`)
    const other = hashText(`key-${String.fromCharCode(2 * count + 1)}`)
    const flips = (mixPair(one, home) * 2 ** 32) ^ (mixPair(other, home) * 2 ** 32)
    for (let bits = flips >>> 0; bits !== 0; bits >>>= 1) changed += bits & 1
  }
  expect(changed / keys / 32).toBeCloseTo(0.5, 2)
})

test('what two texts have in common is spread evenly between 0 and 1', () => {
  const home = hashText('unix:/run/app.sock')
  const tenths = Array.from({ length: 10 }, () => 0)
  for (let count = 0; count < 100_000; count++) {
    const common = mixPair(hashText(String(count)), home)
    expect(common > 0 && common < 1).toBe(true)
    tenths[Math.floor(common * 10)]!++
  }
  for (const tenth of tenths) expect(Math.abs(tenth / 10_000 - 1)).toBeLessThan(0.05)
})
