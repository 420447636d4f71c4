import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { EndKind, Port } from '../../../../src/relay/port/port.ts'
import { SocketPairs } from '../../../support/socket-pair.ts'
import type { Transport } from '../../../support/socket-pair.ts'
import { Tap } from '../../../support/tap.ts'

export type MakePort = (socket: Socket, bufferBytes: number) => Port

const KiB = 1024
const MiB = 1024 * KiB

/** What every implementation of `Port` must do, whatever carries it. */
export function describePort(name: string, transport: Transport, make: MakePort): void {
  describe(`${name} on ${transport}`, () => {
    let pairs: SocketPairs
    beforeAll(async () => {
      pairs = await SocketPairs.open(transport)
    })
    afterEach(async () => {
      await until(() => pairs.open === 0)
    })
    afterAll(() => pairs.close())

    const start = async (bufferBytes = 64 * KiB): Promise<Ends> => {
      const { ours, peer } = await pairs.connect()
      return new Ends(make(ours, bufferBytes), ours, peer)
    }
    const startOnTap = async (): Promise<Ends & { tap: Tap }> => {
      const tap = await Tap.open(pairs.port)
      const { ours, peer } = await pairs.connect(tap.port)
      return Object.assign(new Ends(make(ours, 64 * KiB), ours, peer), { tap })
    }

    test('brings data through whole, with slow readers and bounded memory', async () => {
      const limit = 32 * KiB
      const { port, peer, closed } = await start(limit)
      const [sent, received] = [createHash('sha256'), createHash('sha256')]
      let mostQueued = 0
      let afterPause = 0
      let paused = false
      port.drained = () => {
        paused = false
        port.resume()
      }
      port.read((bytes, from, to) => {
        if (paused) afterPause += to - from
        const room = port.write(bytes, from, to)
        bytes.fill(0xa5, from, to) // It took a copy.
        mostQueued = Math.max(mostQueued, port.queuedBytes)
        paused = !room
        return room
      })
      port.ended = () => port.end()
      let chunks = 0
      peer.on('data', (chunk: Buffer) => {
        received.update(chunk)
        if (++chunks % 3 !== 0) return
        peer.pause()
        setImmediate(() => peer.resume())
      })
      for (let left = 8 * MiB; left > 0;) {
        const piece = randomBytes(Math.min(left, 1 + ((left * 7919) % (90 * KiB))))
        left -= piece.length
        sent.update(piece)
        if (!peer.write(piece)) await once(peer, 'drain')
      }
      peer.end()
      await once(peer, 'end')
      await closed
      expect(received.digest('hex')).toBe(sent.digest('hex'))
      // One read beyond the limit, and what TLS had decrypted already.
      expect(mostQueued).toBeLessThanOrEqual(limit + 64 * KiB + afterPause)
    })

    test('reads unshifted bytes first, and nothing before read()', async () => {
      const { port, ours, peer, closed } = await start()
      ours.unshift(Buffer.from('head '))
      peer.write('early ')
      await turn()
      const read = collect(port)
      peer.end('late')
      await closed
      expect(read().toString()).toBe('head early late')
    })

    test('holds what comes after a pause, and goes on where it stopped', async () => {
      const { port, peer, closed } = await start()
      const data = randomBytes(16 * MiB)
      const hash = createHash('sha256')
      let bytes = 0
      let calls = 0
      port.ended = () => port.end()
      port.read((chunk, from, to) => {
        hash.update(chunk.subarray(from, to))
        bytes += to - from
        return ++calls > 1
      })
      peer.resume()
      peer.end(data)
      await until(() => calls > 0)
      for (let i = 0; i < 50; i++) await turn()
      expect(bytes).toBeLessThan(MiB)
      port.pause()
      port.resume()
      await closed
      expect(bytes).toBe(data.length)
      expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'))
    })

    test('goes on sending after the other end has ended', async () => {
      const { port, peer, ends, closed } = await start()
      port.read(() => true)
      peer.end()
      await until(() => ends.length > 0)
      const data = Buffer.alloc(MiB, 7)
      port.give(data, 0, data.length)
      port.end()
      expect((await everything(peer)).equals(data)).toBe(true)
      await closed
      expect(ends).toEqual(['end'])
    })

    test('goes on reading after it has ended, and ends behind what it has written', async () => {
      const { port, peer, ends, closed } = await start()
      const read = collect(port, false)
      const data = Buffer.alloc(MiB, 9)
      port.give(data, 0, data.length)
      port.end()
      expect((await everything(peer)).equals(data)).toBe(true)
      peer.end(data)
      await closed
      expect(read().equals(data)).toBe(true)
      expect(ends).toEqual(['end'])
    })

    test('takes writes after its end without harm', async () => {
      const { port, peer, closed } = await start()
      port.read(() => true)
      port.end()
      port.write(Buffer.from('late'), 0, 4)
      expect(await everything(peer)).toHaveLength(0)
      peer.end()
      await closed
    })

    test('sees a reset as a reset, once', async () => {
      const { port, peer, tap, ends, closed } = await startOnTap()
      port.read(() => true)
      // After a round trip: TLS 1.3 sends tickets behind the handshake, and a reset that fails them
      // is lost in Node.
      peer.write('x')
      port.write(Buffer.from('y'), 0, 1)
      await once(peer, 'data')
      await until(() => port.receivedBytes > 0)
      tap.reset()
      await closed
      expect(ends).toEqual(['reset'])
      peer.destroy()
      tap.close()
    })

    test('sees a reset that comes together with bytes as one behind them', async () => {
      const { port, peer, tap, ends, closed } = await startOnTap()
      const read = collect(port, false)
      // After a round trip, as above.
      peer.write('first ')
      port.write(Buffer.from('y'), 0, 1)
      await once(peer, 'data')
      await until(() => port.receivedBytes > 0)
      tap.resetBehindNext()
      peer.write('last')
      await until(() => ends.length > 0)
      expect(ends).toEqual(['reset'])
      await closed
      expect(read().toString()).toBe('first last')
      peer.destroy()
      tap.close()
    })

    test('tells nothing of a reset behind an end', async () => {
      const { port, peer, tap, ends, closed } = await startOnTap()
      port.read(() => true)
      peer.end()
      await until(() => ends.length > 0)
      tap.reset()
      port.write(Buffer.from('x'), 0, 1)
      port.end()
      await closed
      expect(ends).toEqual(['end'])
      peer.destroy()
      tap.close()
    })

    test.each(['destroy', 'reset'] as const)('tells nothing but closed after %s', async (how) => {
      const { port, peer, ends, closed } = await start()
      let read = 0
      port.read(() => {
        read++
        return true
      })
      port[how]()
      port[how]()
      peer.write('x')
      peer.resume()
      await closed
      expect({ ends, read }).toEqual({ ends: [], read: 0 })
      peer.destroy()
    })

    test('a sink that throws ends this port alone', async () => {
      const failing = await start()
      const other = await start()
      failing.port.read(() => {
        throw new Error('a bug')
      })
      const read = collect(other.port)
      failing.peer.write('x')
      failing.peer.resume()
      await failing.closed
      expect(failing.ends).toEqual(['reset'])
      other.peer.end('fine')
      await other.closed
      expect(read().toString()).toBe('fine')
      failing.peer.destroy()
    })

    test.each(['drained', 'ended', 'closed'] as const)(
      'a %s that throws ends this port alone',
      async (callback) => {
        const failing = await start(KiB)
        const other = await start()
        const called = Promise.withResolvers<void>()
        failing.port[callback] = () => {
          called.resolve()
          throw new Error('a bug')
        }
        const gone = once(failing.ours, 'close')
        failing.port.read(() => true)
        const read = collect(other.port)
        const large = Buffer.alloc(8 * MiB)
        failing.port.give(large, 0, large.length)
        failing.peer.resume()
        if (callback === 'ended') failing.peer.end()
        else if (callback === 'closed') failing.port.destroy()
        await called.promise
        await gone
        other.peer.end('fine')
        await other.closed
        expect(read().toString()).toBe('fine')
        failing.peer.destroy()
      },
    )

    test('tells of an end behind what came before reading began', async () => {
      const { port, ours, peer, ends, closed } = await start()
      peer.end('early')
      // Node has both in store by then, as after a dial that took its time.
      ours.read(0)
      await until(() => ours.readableLength === 5)
      await turn()
      let endsBefore = -1
      port.ended = (how) => {
        ends.push(how)
        port.end()
      }
      port.read(() => {
        endsBefore = ends.length
        return true
      })
      peer.resume()
      await closed
      expect([endsBefore, ends]).toEqual([0, ['end']])
    })

    test('asks for a pause at the limit, and for more at a quarter of it', async () => {
      const limit = 64 * KiB
      const { port, peer, closed } = await start(limit)
      const room: number[] = []
      port.drained = () => room.push(port.queuedBytes)
      port.read(() => true)
      const piece = Buffer.alloc(8 * KiB)
      while (port.write(piece, 0, piece.length)) await turn()
      expect(port.queuedBytes).toBeGreaterThanOrEqual(limit)
      expect(port.queuedBytes).toBeLessThan(limit + piece.length)
      expect(room).toEqual([])
      peer.resume()
      await until(() => room.length > 0)
      expect(room[0]).toBeLessThanOrEqual(limit / 4)
      port.destroy()
      await closed
      peer.destroy()
    })

    test('shows progress inside one large write, and none while the other end takes nothing', async () => {
      const { port, peer, closed } = await start()
      port.read(() => true)
      const large = Buffer.alloc(32 * MiB)
      port.give(large, 0, large.length)
      await until(() => still(port))
      const queued = port.queuedBytes
      expect(queued).toBeGreaterThan(0)
      let before = port.progress
      expect(port.progress).toBe(before)
      peer.on('data', () => undefined)
      for (let seen = 0; seen < 3; seen++) {
        peer.resume()
        await until(() => port.progress !== before)
        peer.pause()
        await until(() => still(port))
        before = port.progress
      }
      expect(port.queuedBytes).toBe(queued)
      port.destroy()
      await closed
      peer.destroy()
    })

    test('what the kernel takes at once is no progress, whether or not the other end reads', async () => {
      const { port, peer, closed } = await start()
      port.read(() => true)
      await until(() => still(port))
      const before = port.progress
      for (let i = 1; i <= 20; i++) {
        port.write(Buffer.alloc(100), 0, 100)
        await until(() => port.queuedBytes === 0)
        expect(port.progress).toBe(before)
      }
      port.destroy()
      await closed
      peer.destroy()
    })

    test('counts what it has received and written', async () => {
      const { port, peer, closed } = await start()
      collect(port)
      peer.write(Buffer.alloc(1000))
      await until(() => port.receivedBytes === 1000)
      port.write(Buffer.alloc(500), 100, 300)
      expect(port.writtenBytes).toBe(200)
      expect(port.queuedBytes).toBeLessThanOrEqual(200)
      peer.end()
      await everything(peer)
      await closed
      expect(port.queuedBytes).toBe(0)
    })

    test('tells of a socket that was gone before it was ours', async () => {
      const { ours, peer } = await pairs.connect()
      ours.destroy()
      await once(ours, 'close')
      const ends = new Ends(make(ours, KiB), ours, peer)
      ends.port.read(() => true)
      ends.port.write(Buffer.from('x'), 0, 1)
      await ends.closed
      expect(ends.ends).toEqual(['reset'])
      peer.destroy()
    })

    if (transport === 'tcp') {
      test('a reset is one on the wire', async () => {
        const { port, peer, closed } = await start()
        port.read(() => true)
        peer.resume()
        const failed = new Promise<boolean>((resolve) => {
          peer.on('close', resolve)
        })
        port.reset()
        await closed
        expect(await failed).toBe(true)
      })
    } else {
      test('sends close_notify before FIN', async () => {
        const { port, peer, tap, closed } = await startOnTap()
        // Some Nodes forget it where a connection ends within its handshake, before the session
        // tickets are out.
        const begun = Promise.withResolvers<boolean>()
        port.read(() => (begun.resolve(true), true))
        peer.write('hello')
        await begun.promise
        port.write(Buffer.from('bye'), 0, 3)
        port.end()
        expect((await everything(peer)).toString()).toBe('bye')
        peer.end()
        await closed
        const { answers } = tap
        tap.close()
        const sent = records(answers)
        // An alert; TLS 1.3 hides that, but not its size: two bytes, the true type and the tag.
        if (transport === 'tls1.2') expect(sent.at(-1)!.type).toBe(0x15)
        else expect(sent.at(-1)!.length).toBe(19)
      })
    }
  })
}

/** A port and the other end of its socket, with everything the port tells. */
class Ends {
  readonly port: Port
  readonly ours: Socket
  readonly peer: Socket
  readonly ends: EndKind[] = []
  readonly closed: Promise<void>

  constructor(port: Port, ours: Socket, peer: Socket) {
    this.port = port
    this.ours = ours
    this.peer = peer
    port.ended = (how) => this.ends.push(how)
    this.closed = new Promise((resolve) => {
      port.closed = resolve
    })
  }
}

/** Reads everything, and answers the end with one unless told otherwise. */
function collect(port: Port, answerEnd = true): () => Buffer {
  const chunks: Buffer[] = []
  if (answerEnd) port.ended = () => port.end()
  port.read((bytes, from, to) => {
    chunks.push(Buffer.from(bytes.subarray(from, to)))
    return true
  })
  return () => Buffer.concat(chunks)
}

async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  return Buffer.concat(chunks)
}

/** Waits turn by turn of the event loop; the test's own timeout bounds it. */
async function until(done: () => boolean): Promise<void> {
  while (!done()) await turn()
}

/** Whether the other end has taken nothing since the last look. */
const lastProgress = new WeakMap<Port, { progress: number; looks: number }>()
function still(port: Port): boolean {
  const { progress } = port
  const last = lastProgress.get(port)
  const looks = last?.progress === progress ? last.looks + 1 : 0
  lastProgress.set(port, { progress, looks })
  return looks > 200
}

/** The TLS records of a stream. */
function records(stream: Buffer): { type: number; length: number }[] {
  const found = []
  for (let at = 0; at + 5 <= stream.length; at += 5 + found.at(-1)!.length) {
    found.push({ type: stream[at]!, length: stream.readUInt16BE(at + 3) })
  }
  return found
}
