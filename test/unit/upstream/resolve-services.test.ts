import { expect, test } from 'vitest'
import { chooseService } from '../../../src/upstream/resolve-services.ts'

const services = [
  { host: 'a.example', port: 1, weight: 3 },
  { host: 'b.example', port: 2, weight: 1 },
  { host: 'c.example', port: 3, weight: 0 },
]

test('services are chosen by their weights, and one without is not left out', () => {
  const chosen = Array.from({ length: 100 }, (_, at) => chooseService(services, at / 100).host)
  const count = (host: string): number => chosen.filter((one) => one === host).length
  expect([count('a.example'), count('b.example'), count('c.example')]).toEqual([60, 20, 20])
})

test('one alone is it', () => {
  expect(chooseService([services[2]!], 0.99)).toEqual({ host: 'c.example', port: 3 })
})
