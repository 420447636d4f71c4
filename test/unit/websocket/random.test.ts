import { describe, expect, test } from 'vitest'
import { putRandom, randomBase64 } from '../../../src/websocket/random.ts'

describe('random bytes', () => {
  test('are given once, over many fillings of the pool', () => {
    const seen = new Set<string>()
    const bytes = Buffer.alloc(16)
    for (let i = 0; i < 2000; i++) {
      putRandom(bytes, 0, 16)
      seen.add(bytes.toString('base64'))
      seen.add(randomBase64(16))
    }
    expect(seen.size).toBe(4000)
  })

  test('are put where they are asked for, and nowhere else', () => {
    const untouched = Buffer.alloc(16, 0xaa)
    const places = new Set<number>()
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.from(untouched)
      putRandom(bytes, 6, 4)
      for (let at = 0; at < 16; at++) if (bytes[at] !== 0xaa) places.add(at)
    }
    expect([...places].toSorted((a, b) => a - b)).toEqual([6, 7, 8, 9])
  })

  test('fill the last of the pool without a gap in what is asked for', () => {
    for (let i = 0; i < 500; i++) expect(Buffer.from(randomBase64(23), 'base64')).toHaveLength(23)
  })
})
