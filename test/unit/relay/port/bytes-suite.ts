import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { collect, everything, KiB, MiB, until } from './port-rig.ts'
import type { PortRig } from './port-rig.ts'

/** What a port makes of bytes: all of them, once, in their order. */
export function testBytes(rig: PortRig): void {
  test('brings data through whole, with slow readers and bounded memory', async () => {
    const limit = 32 * KiB
    const { port, peer, closed } = await rig.start(limit)
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
    const { port, ours, peer, closed } = await rig.start()
    ours.unshift(Buffer.from('head '))
    peer.write('early ')
    await turn()
    const read = collect(port)
    peer.end('late')
    await closed
    expect(read().toString()).toBe('head early late')
  })

  test('holds what comes after a pause, and goes on where it stopped', async () => {
    const { port, peer, closed } = await rig.start()
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

  test('counts what it has received and written', async () => {
    const { port, peer, closed } = await rig.start()
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

  describe('what is written with more to come', () => {
    test('leaves although nothing comes', async () => {
      const { port, peer, closed } = await rig.start()
      port.read(() => true)
      const arrived = once(peer, 'data')
      port.write(Buffer.from('half'), 0, 4, true)
      const [chunk] = (await arrived) as [Buffer]
      expect(chunk.toString()).toBe('half')
      port.destroy()
      await closed
      peer.destroy()
    })

    test('keeps its place, before what comes after it in whatever way', async () => {
      const { port, peer, closed } = await rig.start()
      port.read(() => true)
      const pieces = Array.from({ length: 60 }, (_, i) =>
        Buffer.alloc(1 + ((i * 7919) % 30_000), i),
      )
      const received = everything(peer)
      for (const [i, piece] of pieces.entries()) {
        const copy = Buffer.from(piece)
        if (i % 4 === 3) port.give(copy, 0, copy.length)
        else {
          port.write(copy, 0, copy.length, i % 4 !== 2)
          copy.fill(0xa5)
        }
        if (i % 10 === 9) await turn()
      }
      port.end()
      expect((await received).equals(Buffer.concat(pieces))).toBe(true)
      peer.end()
      await closed
    })

    test('leaves before the end', async () => {
      const { port, peer, closed } = await rig.start()
      port.read(() => true)
      port.write(Buffer.from('half'), 0, 4, true)
      port.end()
      expect((await everything(peer)).toString()).toBe('half')
      peer.end()
      await closed
    })

    test('is dropped with everything else', async () => {
      const { port, peer, closed } = await rig.start()
      port.read(() => true)
      port.write(Buffer.from('half'), 0, 4, true)
      port.destroy()
      peer.resume()
      await closed
      await turn()
      peer.destroy()
    })

    test('counts as waiting where the other end takes nothing', async () => {
      const limit = 64 * KiB
      const { port, peer, closed } = await rig.start(limit)
      const drained = new Promise<void>((resolve) => {
        port.drained = resolve
      })
      port.read(() => true)
      const piece = Buffer.alloc(16 * KiB)
      while (port.write(piece, 0, piece.length, true)) await turn()
      expect(port.queuedBytes).toBeGreaterThanOrEqual(limit)
      // What may be held is no more than what may wait.
      expect(port.queuedBytes).toBeLessThan(2 * limit + piece.length)
      peer.resume()
      await drained
      port.destroy()
      await closed
      peer.destroy()
    })
  })
}
