import { once } from 'node:events'
import { expect, test } from 'vitest'
import { collect, KiB, MiB } from './port-rig.ts'
import type { PortRig } from './port-rig.ts'

/** A bug in what a port calls. */
export function testThrows(rig: PortRig): void {
  test('a sink that throws ends this port alone', async () => {
    const failing = await rig.start()
    const other = await rig.start()
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
      const failing = await rig.start(KiB)
      const other = await rig.start()
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
}
