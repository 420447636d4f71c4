import { expect, test } from 'vitest'
import { SystemResolver } from '../../../src/upstream/resolve-system.ts'

test('finds every address of a name', async () => {
  const found = await new SystemResolver().addresses('localhost')
  expect(found.map(({ address }) => address)).toContain('127.0.0.1')
})

test('names wait for a free place and are all answered', async () => {
  const resolver = new SystemResolver(1)
  // Too long for any name, so that nobody is asked.
  const unknown = 'a'.repeat(64)
  const names = ['localhost', unknown, unknown, 'localhost']
  const results = await Promise.allSettled(names.map((name) => resolver.addresses(name)))
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
})

test('no more names wait than may, and who goes makes room', async () => {
  const resolver = new SystemResolver(1, 1)
  const gone = new AbortController()
  const first = resolver.addresses('localhost')
  const leaving = resolver.addresses('localhost', gone.signal)
  await expect(resolver.addresses('localhost')).rejects.toThrow('1 names are waiting')
  gone.abort(new Error('gone'))
  await expect(leaving).rejects.toThrow('gone')
  const [found, waited] = await Promise.all([first, resolver.addresses('localhost')])
  expect(waited).toEqual(found)
})
