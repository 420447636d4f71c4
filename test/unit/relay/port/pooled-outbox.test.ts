import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { BufferPool } from '../../../../src/relay/port/buffer-pool.ts'
import type { Slab } from '../../../../src/relay/port/buffer-pool.ts'
import { PooledOutbox } from '../../../../src/relay/port/pooled-outbox.ts'

/** A pool that knows what it has out. */
class CountedPool extends BufferPool {
  readonly out = new Set<Slab>()

  override take(bytes: number): Slab {
    const slab = super.take(bytes)
    this.out.add(slab)
    return slab
  }

  override give(slab: Slab): void {
    expect(this.out.delete(slab)).toBe(true)
    slab.bytes.fill('?') // As the next who takes it would.
    super.give(slab)
  }
}

/** An outbox on a stream whose writes are over when a test says so. */
class Outlet {
  readonly written: Buffer[] = []
  readonly pool = new CountedPool()
  readonly room: number[] = []
  #done: ((error?: Error) => void) | undefined
  readonly stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      this.written.push(chunk)
      this.#done = done
    },
  })
  readonly outbox = new PooledOutbox(this.stream as never, this.pool, () =>
    this.room.push(this.outbox.queuedBytes),
  )

  write(text: string): void {
    this.outbox.write(Buffer.from(`<${text}>`), 1, text.length + 1)
  }

  /** Lets the write that is under way be over. @returns what it was */
  complete(error?: Error): string {
    const text = this.written.at(-1)!.toString()
    const done = this.#done!
    this.#done = undefined
    done(error)
    return text
  }
}

test('many short writes behind one that is not over take little memory, and leave in few', () => {
  const outlet = new Outlet()
  outlet.write('first')
  for (let i = 0; i < 10_000; i++) outlet.write('ab')
  const { written, pool, room } = outlet
  expect([written.length, outlet.outbox.queuedBytes]).toEqual([1, 20_005])
  expect(pool.out.size).toBeLessThan(5)
  const pieces: string[] = []
  while (outlet.outbox.queuedBytes > 0) pieces.push(outlet.complete())
  expect(pieces.length).toBeLessThan(5)
  expect(pieces.join('')).toBe(`first${'ab'.repeat(10_000)}`)
  expect([pool.out.size, room[0], room.at(-1)]).toEqual([0, 20_000, 0])
})

test('what is given keeps its place, short or long', () => {
  const outlet = new Outlet()
  const long = Buffer.alloc(5000, 'l')
  outlet.outbox.give(Buffer.from('<given>'), 1, 6)
  outlet.write('a')
  outlet.outbox.give(Buffer.from('b'), 0, 1)
  outlet.outbox.give(long, 0, 5000)
  outlet.write('c')
  const pieces = [outlet.complete(), outlet.complete(), outlet.complete(), outlet.complete()]
  expect(pieces).toEqual(['given', 'ab', long.toString(), 'c'])
  expect([outlet.pool.out.size, outlet.outbox.queuedBytes]).toEqual([0, 0])
})

test('nothing waits for what the stream had to write before', () => {
  const outlet = new Outlet()
  outlet.stream.write('head')
  outlet.write('a')
  expect(outlet.outbox.queuedBytes).toBe(5)
  outlet.write('b')
  outlet.outbox.end()
  const pieces = [outlet.complete(), outlet.complete(), outlet.complete()]
  expect(pieces).toEqual(['head', 'a', 'b'])
  expect(outlet.stream.writableEnded).toBe(true)
})

test('the end comes behind what waits', () => {
  const outlet = new Outlet()
  outlet.write('a')
  outlet.write('b')
  outlet.outbox.end()
  outlet.complete()
  expect(outlet.stream.writableEnded).toBe(false)
  outlet.complete()
  expect(outlet.stream.writableEnded).toBe(true)
})

test('after a failure nothing is written, and its buffer is not used again', async () => {
  const outlet = new Outlet()
  outlet.stream.on('error', () => undefined)
  outlet.write('a')
  outlet.write('b')
  outlet.complete(new Error('EPIPE'))
  await new Promise((resolve) => outlet.stream.once('close', resolve))
  outlet.write('c')
  expect(outlet.written.map(String)).toEqual(['a'])
  expect([...outlet.pool.out].some(({ bytes }) => bytes.toString('latin1', 0, 1) === 'a')).toBe(
    true,
  )
})
