import { expect, test } from 'vitest'
import { within } from '../../../src/upstream/deadline.ts'

const calm = new AbortController().signal
const late = (): Error => new Error('late')

test('gives what it gets in time', async () => {
  expect(await within(1_000, calm, late, async () => 'done')).toBe('done')
  expect(await within(Infinity, calm, late, async () => 'done')).toBe('done')
})

test('passes a failure on', async () => {
  const failing = within(1_000, calm, late, () => Promise.reject(new Error('failed')))
  await expect(failing).rejects.toThrow('failed')
})

test('does not wait for what heeds no signal, and tells what does', async () => {
  let signal: AbortSignal | undefined
  const hanging = within(5, calm, late, (own) => {
    signal = own
    return new Promise(() => undefined)
  })
  await expect(hanging).rejects.toThrow('late')
  expect(signal?.aborted).toBe(true)
})

test('what fails because it was told to is late', async () => {
  const heeding = within(5, calm, late, (own) => {
    const { promise, reject } = Promise.withResolvers<never>()
    own.addEventListener('abort', () => reject(new Error('stopped')))
    return promise
  })
  await expect(heeding).rejects.toThrow('late')
})

test('who has gone is not made to wait, and leaves no listener', async () => {
  const gone = new AbortController()
  const waiting = within(1_000, gone.signal, late, () => new Promise(() => undefined))
  gone.abort(new Error('gone'))
  await expect(waiting).rejects.toThrow('gone')
  await expect(within(1_000, gone.signal, late, async () => 'done')).rejects.toThrow('gone')
})
