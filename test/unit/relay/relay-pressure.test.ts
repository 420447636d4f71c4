import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { transports } from '../../support/socket-pair.ts'
import { Rigs } from './rig.ts'
import type { Rig } from './rig.ts'

const MiB = 1 << 20

describe.each(transports)('a relay whose client is on %s', (transport) => {
  let rigs: Rigs
  beforeAll(async () => {
    rigs = await Rigs.open(transport)
  })
  afterEach(() => rigs.idle())
  afterAll(() => rigs.close())

  const directions = [
    { direction: 'received', from: 'client', to: 'upstream', make: clientFrame },
    { direction: 'sent', from: 'upstream', to: 'client', make: frame },
  ] as const

  test.each(directions)(
    'brings frames of all sizes through whole, from the $from',
    async ({ direction, from, to, make }) => {
      const rig = await rigs.make()
      const receiver = rig[to].socket
      let count = 0
      receiver.on('data', () => {
        if (++count % 5 !== 0) return
        receiver.pause()
        setImmediate(() => receiver.resume())
      })
      const sizes = [0, 1, 125, 126, 65_535, 65_536, 3 * MiB, 7, 70_000, 2 * MiB]
      const all = Buffer.concat(sizes.map((size) => make({ payload: randomBytes(size) })))
      rig[from].send(all)
      expect((await rig[to].take(all.length)).equals(all)).toBe(true)
      leave(rig)
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      expect((await rig.ended())[direction]).toEqual({ messages: sizes.length, bytes })
    },
  )

  test.each(directions)(
    'pauses a $from whose peer does not read, and loses nothing',
    async ({ direction, from, to, make }) => {
      const rig = await rigs.make({ unread: to })
      const whole = make({ payload: randomBytes(32 * MiB) })
      rig[from].send(whole)
      // The kernel's buffers fill, then ours, and then nothing more is taken.
      let [seen, looks] = [-1, 0]
      while (looks < 30) {
        await rigs.ticks(1)
        const { bytes } = rig.session[direction]
        looks = bytes === seen ? looks + 1 : 0
        seen = bytes
      }
      expect(seen).toBeLessThan(24 * MiB)
      rig[to].read()
      expect((await rig[to].take(whole.length)).equals(whole)).toBe(true)
      leave(rig)
      await rig.outcome
    },
  )

  test.each(directions)(
    'brings on what has come of a frame, though its $from waits with the rest',
    async ({ from, to, make }) => {
      const rig = await rigs.make()
      const whole = make({ payload: randomBytes(100_000) })
      // Cut within a record, behind a whole one, within the header of the next frame.
      const next = make({ payload: randomBytes(200) })
      const all = Buffer.concat([whole, next])
      const cuts = [1, 3, 5000, 21_384, 60_000, whole.length + 3, all.length - 1, all.length]
      let at = 0
      for (const cut of cuts) {
        rig[from].send(all.subarray(at, cut))
        // A header is held until it is whole: what is on its way is all but that.
        const passed = cut < 5000 ? 0 : cut === whole.length + 3 ? whole.length : cut
        const before = at < 5000 ? 0 : at === whole.length + 3 ? whole.length : at
        const got = await rig[to].take(passed - before)
        expect(got.equals(all.subarray(before, passed))).toBe(true)
        at = cut
      }
      leave(rig)
      await rig.outcome
    },
  )

  test.each(directions)('brings on what has come of a frame before its $from ends', async (one) => {
    const rig = await rigs.make()
    const half = one.make({ payload: randomBytes(100_000) }).subarray(0, 50_000)
    rig[one.from].send(half)
    rig[one.from].end()
    expect((await rig[one.to].rest()).equals(half)).toBe(true)
    leave(rig)
    expect((await rig.ended()).error).toBe(`${one.from}-lost`)
  })

  test('closes in good order', async () => {
    const rig = await rigs.make()
    const payload = closePayload(1000, 'bye')
    rig.client.send(clientFrame({ opcode: 8, payload }))
    expect(await rig.upstream.close()).toBe('1000 bye')
    rig.upstream.send(frame({ opcode: 8, payload }))
    expect(await rig.client.close()).toBe('1000 bye')
    await rig.client.rest()
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 1000, error: undefined })
  })
})

function leave({ client, upstream }: Rig): void {
  client.end()
  upstream.end()
}
