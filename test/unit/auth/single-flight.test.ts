import { expect, test } from 'vitest'
import { SingleFlight } from '../../../src/auth/single-flight.ts'

const fail = async (): Promise<number> => await Promise.reject(new Error('no'))

test('asks once while the answer is on its way, and again afterwards', async () => {
  const flights = new SingleFlight<number>()
  let asked = 0
  const ask = async (): Promise<number> => {
    asked += 1
    return await Promise.resolve(asked)
  }
  expect(await Promise.all([flights.run('a', ask), flights.run('a', ask)])).toEqual([1, 1])
  expect(await flights.run('a', ask)).toBe(2)
})

test('keeps questions apart', async () => {
  const flights = new SingleFlight<string>()
  const answers = ['a', '__proto__', 'constructor'].map((key) =>
    flights.run(key, async () => await Promise.resolve(key)),
  )
  expect(await Promise.all(answers)).toEqual(['a', '__proto__', 'constructor'])
})

test('gives a failure to all who asked, and asks again afterwards', async () => {
  const flights = new SingleFlight<number>()
  const both = await Promise.allSettled([flights.run('a', fail), flights.run('a', fail)])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect(await flights.run('a', async () => await Promise.resolve(1))).toBe(1)
})
