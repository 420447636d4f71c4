import { Duplex } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { PlainPort } from '../../../../src/relay/port/plain-port.ts'

/** Records how many system calls a socket would have made. */
class Recorder extends Duplex {
  readonly calls: string[][] = []
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.calls.push([chunk.toString()])
    done()
  }
  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.calls.push(chunks.map(({ chunk }) => chunk.toString()))
    done()
  }
}

test('what is written in one tick leaves in one call, in order', async () => {
  const socket = new Recorder()
  const port = new PlainPort(socket, 1000)
  for (const text of ['a', 'b', 'c']) port.write(Buffer.from(text), 0, 1)
  expect(socket.calls).toEqual([])
  await turn()
  port.give(Buffer.from('xdy'), 1, 2)
  await turn()
  expect(socket.calls).toEqual([['a', 'b', 'c'], ['d']])
})

test('an end behind writes of the same tick comes after them', async () => {
  const socket = new Recorder()
  const port = new PlainPort(socket, 1000)
  const finished = new Promise<void>((resolve) => socket.on('finish', resolve))
  port.write(Buffer.from('a'), 0, 1)
  port.write(Buffer.from('b'), 0, 1)
  port.end()
  await finished
  expect(socket.calls.flat()).toEqual(['a', 'b'])
})

test('a reset destroys what has none', async () => {
  const socket = new Recorder()
  const port = new PlainPort(socket, 1000)
  const closed = new Promise<void>((resolve) => {
    port.closed = resolve
  })
  port.reset()
  await closed
  expect(socket.destroyed).toBe(true)
})

test('a callback that throws ends this port alone', async () => {
  const socket = new Recorder()
  const port = new PlainPort(socket, 1000)
  port.ended = () => {
    throw new Error('a bug')
  }
  const closed = new Promise<void>((resolve) => {
    port.closed = resolve
  })
  port.read(() => true)
  socket.push(null)
  await closed
})
