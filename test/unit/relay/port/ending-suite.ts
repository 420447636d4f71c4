import { once } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collect, Ends, everything, KiB, MiB, records, until } from './port-rig.ts'
import type { PortRig } from './port-rig.ts'

/** How a port ends, and tells how its other end did. */
export function testEndings(rig: PortRig): void {
  test('goes on sending after the other end has ended', async () => {
    const { port, peer, ends, closed } = await rig.start()
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
    const { port, peer, ends, closed } = await rig.start()
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
    const { port, peer, closed } = await rig.start()
    port.read(() => true)
    port.end()
    port.write(Buffer.from('late'), 0, 4)
    expect(await everything(peer)).toHaveLength(0)
    peer.end()
    await closed
  })

  test('tells of an end behind what came before reading began', async () => {
    const { port, ours, peer, ends, closed } = await rig.start()
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

  test('sees a reset as a reset, once', async () => {
    const { port, peer, tap, ends, closed } = await rig.startOnTap()
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
    const { port, peer, tap, ends, closed } = await rig.startOnTap()
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

  test('sees a reset in a pause', async () => {
    const { port, peer, tap, ends, closed } = await rig.startOnTap()
    port.read(() => false)
    peer.write('x')
    await until(() => port.receivedBytes > 0)
    port.write(Buffer.from('y'), 0, 1)
    await once(peer, 'data')
    tap.reset()
    await closed
    expect(ends).toEqual(['reset'])
    peer.destroy()
    tap.close()
  })

  test('tells nothing of a reset behind an end', async () => {
    const { port, peer, tap, ends, closed } = await rig.startOnTap()
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
    const { port, peer, ends, closed } = await rig.start()
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

  test('tells of a socket that was gone before it was ours', async () => {
    const { ours, peer } = await rig.connect()
    ours.destroy()
    await once(ours, 'close')
    const ends = new Ends(rig.make(ours, KiB), ours, peer)
    ends.port.read(() => true)
    ends.port.write(Buffer.from('x'), 0, 1)
    await ends.closed
    expect(ends.ends).toEqual(['reset'])
    peer.destroy()
  })

  if (rig.transport === 'tcp') {
    test('a reset is one on the wire', async () => {
      const { port, peer, closed } = await rig.start()
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
      const { port, peer, tap, closed } = await rig.startOnTap()
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
      if (rig.transport === 'tls1.2') expect(sent.at(-1)!.type).toBe(0x15)
      else expect(sent.at(-1)!.length).toBe(19)
    })
  }
}
