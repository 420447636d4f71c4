import { PassThrough } from 'node:stream'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BufferPool } from '../../../../src/relay/port/buffer-pool.ts'
import { HandleOutbox } from '../../../../src/relay/port/handle-outbox.ts'
import type { HandleWrites, WriteRequest } from '../../../../src/relay/port/socket-internals.ts'
import { TurnEnd } from '../../../../src/relay/port/turn-end.ts'

/** An outbox on a handle that takes everything, and the writes that got there. */
class Outlet {
  readonly written: string[] = []
  /** Set: writes are not over before it is called with a status. */
  complete: ((status: number) => void) | undefined
  slow = false
  readonly stream = new PassThrough()
  readonly outbox: HandleOutbox

  constructor(bufferBytes = 65_536) {
    const writes = { write: (_: Socket, bytes: Buffer) => this.#write(bytes) } as HandleWrites
    const means = { writes, pool: new BufferPool(), turnEnd: new TurnEnd() }
    this.outbox = new HandleOutbox(this.stream as never, bufferBytes, means, () => undefined)
  }

  write(text: string, more: boolean): void {
    this.outbox.write(Buffer.from(text), 0, text.length, more)
  }

  #write(bytes: Buffer): WriteRequest | undefined {
    this.written.push(bytes.length > 100 ? String(bytes.length) : bytes.toString())
    if (!this.slow) return undefined
    const request: WriteRequest = { bytes, writeStatus: null, oncomplete: () => undefined }
    this.complete = (status) => request.oncomplete(status)
    return request
  }
}

test('what is held leaves with what it was held for, in one write', async () => {
  const { outbox, written } = new Outlet()
  const piece = Buffer.alloc(16_384)
  for (let i = 0; i < 4; i++) outbox.write(piece, 0, piece.length, true)
  expect([written, outbox.queuedBytes]).toEqual([[], 0])
  outbox.write(piece, 0, 14, false)
  expect(written).toEqual(['65550'])
  await turn()
  expect(written).toEqual(['65550'])
})

test('what is held leaves at the end of the turn, where nothing else comes', async () => {
  const outlet = new Outlet()
  outlet.write('a', true)
  outlet.write('b', true)
  expect(outlet.written).toEqual([])
  await turn()
  outlet.write('c', true)
  expect(outlet.written).toEqual(['ab'])
  await turn()
  expect(outlet.written).toEqual(['ab', 'c'])
})

test('what goes on without end is not held beyond what a read brings', () => {
  const { outbox, written } = new Outlet()
  const piece = Buffer.alloc(16_000)
  for (let i = 0; i < 9; i++) outbox.write(piece, 0, piece.length, true)
  expect(written.reduce((sum, bytes) => sum + Number(bytes), 0)).toBe(80_000)
})

test('nothing is held beyond what may wait', () => {
  const outlet = new Outlet(3)
  outlet.write('abc', true)
  expect(outlet.written).toEqual([])
  outlet.write('d', true)
  expect(outlet.written).toEqual(['abcd'])
})

test('what is given leaves behind what is held', () => {
  const outlet = new Outlet()
  outlet.write('a', true)
  outlet.outbox.give(Buffer.from('b'), 0, 1)
  outlet.outbox.give(Buffer.alloc(5000), 0, 5000)
  expect(outlet.written).toEqual(['ab', '5000'])
})

test('nothing is held before what the stream has still to write', async () => {
  const outlet = new Outlet()
  outlet.stream.cork()
  outlet.stream.write('early')
  outlet.write('x', true)
  expect(outlet.outbox.queuedBytes).toBe(1)
  outlet.stream.uncork()
  outlet.stream.resume()
  await turn()
  expect([outlet.written, outlet.outbox.queuedBytes]).toEqual([[], 0])
})

test('what comes while a write is not over waits for it alone', async () => {
  const outlet = new Outlet()
  outlet.slow = true
  outlet.write('a', false)
  outlet.write('b', true)
  expect(outlet.outbox.queuedBytes).toBe(2)
  await turn()
  expect(outlet.written).toEqual(['a'])
  outlet.complete!(0)
  expect([outlet.written, outlet.outbox.queuedBytes]).toEqual([['a', 'b'], 1])
  outlet.complete!(0)
  expect(outlet.outbox.queuedBytes).toBe(0)
})

test('the end comes behind what is held, and behind a write that is not over', async () => {
  const held = new Outlet()
  held.write('a', true)
  held.outbox.end()
  expect([held.written, held.stream.writableEnded]).toEqual([['a'], true])
  const slow = new Outlet()
  slow.slow = true
  slow.write('a', true)
  slow.outbox.end()
  await turn()
  expect([slow.written, slow.stream.writableEnded]).toEqual([['a'], false])
  slow.complete!(0)
  expect(slow.stream.writableEnded).toBe(true)
})

test('a failure drops what is held, and the end of the turn does no harm', async () => {
  const outlet = new Outlet()
  outlet.stream.on('error', () => undefined)
  outlet.slow = true
  outlet.write('a', true)
  outlet.outbox.give(Buffer.alloc(5000), 0, 5000)
  outlet.write('b', true)
  outlet.complete!(-32)
  await turn()
  expect([outlet.written, outlet.stream.destroyed]).toEqual([['a'], true])
})
