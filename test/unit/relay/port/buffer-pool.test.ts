import { expect, test } from 'vitest'
import { BufferPool, Slab } from '../../../../src/relay/port/buffer-pool.ts'

test('a slab that is given back is taken again, by who needs one of its size', () => {
  const pool = new BufferPool()
  const small = pool.take(10)
  const large = pool.take(60_000)
  pool.give(small)
  pool.give(large)
  expect(pool.take(50_000)).toBe(large)
  expect(pool.take(4096)).toBe(small)
  expect(pool.take(1)).not.toBe(small)
})

test.each([0, 1, 4096, 4097, 65_536, 65_550, 1_000_000])('has room for %i bytes', (bytes) => {
  expect(new BufferPool().take(bytes).bytes.length).toBeGreaterThanOrEqual(bytes)
})

test('keeps no more than a burst needs, and nothing out of the ordinary', () => {
  const pool = new BufferPool()
  const slabs = Array.from({ length: 1000 }, () => pool.take(60_000))
  const huge = pool.take(1_000_000)
  for (const slab of [...slabs, huge]) pool.give(slab)
  const again = Array.from({ length: 1000 }, () => pool.take(60_000))
  expect(again.filter((slab) => slabs.includes(slab)).length).toBe(128)
  expect(pool.take(1_000_000)).not.toBe(huge)
})

test.each([0, 1, 256, 257, 4096])('the first %i bytes of a slab are its own memory', (count) => {
  const slab = new Slab(4096)
  slab.bytes.fill(7)
  const view = slab.first(count)
  expect([view.length, view.buffer, view.byteOffset]).toEqual([count, slab.bytes.buffer, 0])
  if (count <= 256) expect(slab.first(count)).toBe(view)
})
