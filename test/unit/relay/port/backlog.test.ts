import { expect, test } from 'vitest'
import { Backlog } from '../../../../src/relay/port/backlog.ts'
import { BufferPool } from '../../../../src/relay/port/buffer-pool.ts'

/** Takes everything out, and gives back what is the pool's. */
function drain(backlog: Backlog, pool: BufferPool): string[] {
  const pieces: string[] = []
  for (let chunk; (chunk = backlog.shift()) !== undefined;) {
    if ('slab' in chunk) {
      pieces.push(chunk.slab.first(chunk.end).toString())
      pool.give(chunk.slab)
    } else pieces.push(chunk.bytes.toString())
  }
  return pieces
}

test('short pieces are put together, in their order', () => {
  const pool = new BufferPool()
  const backlog = new Backlog(pool)
  for (const text of ['one ', 'two ', 'three'])
    backlog.append(Buffer.from(`<${text}>`), 1, text.length + 1)
  expect(backlog.bytes).toBe(13)
  expect(drain(backlog, pool)).toEqual(['one two three'])
  expect(backlog.bytes).toBe(0)
})

test('what is given stays as it is, and nothing is put behind it into its memory', () => {
  const pool = new BufferPool()
  const backlog = new Backlog(pool)
  const given = Buffer.alloc(5000, 'g')
  backlog.append(Buffer.from('a'), 0, 1)
  backlog.give(given, 1, 4999)
  backlog.append(Buffer.from('b'), 0, 1)
  backlog.append(Buffer.from('c'), 0, 1)
  expect(backlog.bytes).toBe(5001)
  expect(drain(backlog, pool)).toEqual(['a', 'g'.repeat(4998), 'bc'])
  expect(given).toEqual(Buffer.alloc(5000, 'g'))
})

test('what is given and short is put together like the rest', () => {
  const pool = new BufferPool()
  const backlog = new Backlog(pool)
  backlog.append(Buffer.from('a'), 0, 1)
  backlog.give(Buffer.from('<given>'), 1, 6)
  expect(backlog.bytes).toBe(6)
  expect(drain(backlog, pool)).toEqual(['agiven'])
})

test('a piece goes on where the one before it is full', () => {
  const pool = new BufferPool()
  const backlog = new Backlog(pool)
  const pieces = Array.from({ length: 300 }, (_, i) => Buffer.alloc(1 + ((i * 611) % 1500), i))
  for (const piece of pieces) backlog.append(piece, 0, piece.length)
  const whole = Buffer.concat(pieces)
  expect(backlog.bytes).toBe(whole.length)
  const got: Buffer[] = []
  for (let chunk; (chunk = backlog.shift()) !== undefined;) {
    if ('slab' in chunk) got.push(Buffer.from(chunk.slab.first(chunk.end)))
  }
  expect(Buffer.concat(got).equals(whole)).toBe(true)
  expect(got.length).toBeLessThan(8)
})

test('the first piece has room where more is known to come', () => {
  const pool = new BufferPool()
  const backlog = new Backlog(pool)
  backlog.append(Buffer.alloc(1000), 0, 1000, true)
  backlog.append(Buffer.alloc(9000), 0, 9000)
  expect(drain(backlog, pool)).toHaveLength(1)
})
