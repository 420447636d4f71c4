import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { WaitingLine } from '../../../src/upstream/waiting-line.ts'
import { calm } from './upstreams.ts'

const unavailable = { token: 'upstream-unavailable' }

/** Places that are given out in the order of asking. */
class Places {
  free = 0
  readonly take = (): string | undefined => (this.free > 0 ? `place ${this.free--}` : undefined)
}

/** Who gets none leaves none for those behind either. */
const full = (): boolean => false

test('nobody waits where nobody may', async () => {
  const line = new WaitingLine<string>(undefined)
  await expect(line.wait(() => 'never', calm)).rejects.toMatchObject(unavailable)
})

test('those who came first are served first, one for each place', async () => {
  const places = new Places()
  const line = new WaitingLine<string>({ max: 3, timeout: 60_000 })
  const served: string[] = []
  const all = ['a', 'b', 'c'].map((name) =>
    line.wait(places.take, calm).then((place) => served.push(`${name}: ${place}`)),
  )
  line.serve(full)
  expect(line.length).toBe(3)
  places.free = 1
  line.serve(full)
  expect(line.length).toBe(2)
  places.free = 2
  line.serve(full)
  await Promise.all(all)
  expect(served).toEqual(['a: place 1', 'b: place 2', 'c: place 1'])
})

test('what the first cannot use goes to the next who can, and the first stays first', async () => {
  const line = new WaitingLine<string>({ max: 3, timeout: 60_000 })
  const places = new Places()
  let picky: string | undefined
  const first = line.wait(() => picky, calm)
  const others = [line.wait(places.take, calm), line.wait(places.take, calm)]
  places.free = 1
  line.serve(() => places.free > 0)
  expect(await others[0]).toBe('place 1')
  picky = 'its own'
  places.free = 1
  line.serve(() => places.free > 0)
  expect(await Promise.all([first, others[1]])).toEqual(['its own', 'place 1'])
})

test('where nothing is left, nobody further is asked', () => {
  const line = new WaitingLine<string>({ max: 2, timeout: 60_000 })
  const asked: string[] = []
  for (const name of ['a', 'b']) {
    line.wait(() => void asked.push(name), calm).catch(() => undefined)
  }
  line.serve(full)
  expect(asked).toEqual(['a'])
  line.end(new GatewayError('draining', 'closing'))
})

test('one more than may wait is refused, and the others go on waiting', async () => {
  const line = new WaitingLine<string>({ max: 1, timeout: 60_000 })
  const places = new Places()
  const first = line.wait(places.take, calm)
  await expect(line.wait(places.take, calm)).rejects.toMatchObject(unavailable)
  places.free = 1
  line.serve(full)
  expect(await first).toBe('place 1')
})

test('who waits for too long is refused', async () => {
  const line = new WaitingLine<string>({ max: 1, timeout: 1 })
  await expect(line.wait(() => undefined, calm)).rejects.toMatchObject(unavailable)
  expect(line.length).toBe(0)
})

test('who has gone waits no longer, and takes no place', async () => {
  const line = new WaitingLine<string>({ max: 2, timeout: 60_000 })
  const places = new Places()
  const leaving = new AbortController()
  const gone = line.wait(places.take, leaving.signal)
  const behind = line.wait(places.take, calm)
  const reason = new GatewayError('client-lost', 'gone')
  leaving.abort(reason)
  await expect(gone).rejects.toBe(reason)
  places.free = 1
  line.serve(full)
  expect(await behind).toBe('place 1')
  await expect(line.wait(places.take, leaving.signal)).rejects.toBe(reason)
})

test('where there will never be a place, that is told at once, to everybody', async () => {
  const line = new WaitingLine<string>({ max: 2, timeout: 60_000 })
  const never = (): undefined => {
    throw new GatewayError('upstream-unavailable', 'all in maintenance')
  }
  const waiting = [line.wait(never, calm), line.wait(never, calm)]
  line.serve(full)
  for (const one of waiting) await expect(one).rejects.toThrow(/maintenance/)
})

test('an end is for all who wait', async () => {
  const line = new WaitingLine<string>({ max: 2, timeout: 60_000 })
  const waiting = [line.wait(() => undefined, calm), line.wait(() => undefined, calm)]
  const reason = new GatewayError('draining', 'closing')
  line.end(reason)
  for (const one of waiting) await expect(one).rejects.toBe(reason)
  expect(line.length).toBe(0)
})
