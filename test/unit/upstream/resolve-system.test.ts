import { expect, test } from 'vitest'
import { SystemResolver } from '../../../src/upstream/resolve-system.ts'

test('finds every address of a name', async () => {
  const found = await new SystemResolver().addresses('localhost')
  expect(found.map(({ address }) => address)).toContain('127.0.0.1')
})

test('names wait for a free place and are all answered', async () => {
  const resolver = new SystemResolver(1)
  const names = ['localhost', 'a.invalid', 'b.invalid', 'localhost']
  const results = await Promise.allSettled(names.map((name) => resolver.addresses(name)))
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
})
