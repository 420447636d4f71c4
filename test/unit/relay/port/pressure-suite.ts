import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { KiB, MiB, still, until } from './port-rig.ts'
import type { PortRig } from './port-rig.ts'

/** How a port tells what waits, and whether its other end takes any of it. */
export function testPressure(rig: PortRig): void {
  test('asks for a pause at the limit, and for more at a quarter of it', async () => {
    const limit = 64 * KiB
    const { port, peer, closed } = await rig.start(limit)
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
    const { port, peer, closed } = await rig.start()
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
    const { port, peer, closed } = await rig.start()
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
}
