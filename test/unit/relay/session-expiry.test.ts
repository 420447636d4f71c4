import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, frame } from '../../support/frames.ts'
import { Rigs } from './rig.ts'
import type { Rig } from './rig.ts'

const { close, continuation, text } = Opcode

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

function leave({ client, upstream }: Rig): void {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.send(frame({ opcode: close }))
  upstream.end()
}

test('at the end of its login both sides get a Close', async () => {
  const expiresAt = Date.now() + 80
  const rig = await rigs.make({ expiresAt })
  expect(await rig.client.close()).toBe('3000 session-expired')
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt)
  expect(await rig.upstream.close()).toBe('1001 session-expired')
  leave(rig)
  expect(await rig.ended()).toMatchObject({
    closedBy: 'gateway',
    code: 3000,
    error: 'session-expired',
  })
})

test('a message in progress is let finish', async () => {
  const expiresAt = Date.now() + 3_600_000
  const rig = await rigs.make({ expiresAt })
  const [begin, end] = [
    frame({ opcode: text, fin: false, payload: 'hal' }),
    frame({ opcode: continuation, payload: 'f' }),
  ]
  rig.upstream.send(begin)
  expect(await rig.client.take(begin.length)).toEqual(begin)
  vi.useFakeTimers({ toFake: ['Date'], now: expiresAt })
  rigs.sweep.tick(performance.now())
  vi.useRealTimers()
  rig.upstream.send(end)
  expect(await rig.client.take(end.length)).toEqual(end)
  expect(await rig.client.close()).toBe('3000 session-expired')
  leave(rig)
  await rig.outcome
})

test.each([
  ['never', Infinity],
  ['in the year 2100', Date.UTC(2100)],
  ['later than any timer', Date.now() + 2 ** 31],
  ['beyond all dates', Number.MAX_VALUE],
])('a login that ends %s ends nothing', async (_, expiresAt) => {
  const rig = await rigs.make({ expiresAt })
  for (let look = 0; look < 10; look++) rigs.sweep.tick(performance.now())
  const message = clientFrame({ payload: 'here' })
  rig.client.send(message)
  expect(await rig.upstream.take(message.length)).toEqual(message)
  leave(rig)
  expect(await rig.ended()).toMatchObject({ error: undefined })
})
