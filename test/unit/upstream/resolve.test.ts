import { expect, test } from 'vitest'
import { Resolver } from '../../../src/upstream/resolve.ts'
import type { GatewayError } from '../../../src/errors.ts'

function resolve(resolver: Resolver, name: string): Promise<string[]> {
  return new Promise((done, fail) => {
    resolver.resolve(name, (error, addresses) => {
      if (error === undefined) done(addresses.map(({ address }) => address))
      else fail(error)
    })
  })
}

test('finds every address of a name', async () => {
  expect(await resolve(new Resolver(), 'localhost')).toContain('127.0.0.1')
})

test('a name that does not exist is upstream-unresolved', async () => {
  await expect(resolve(new Resolver(), 'nowhere.invalid')).rejects.toMatchObject({
    token: 'upstream-unresolved',
  })
})

test('names wait for a free place and are all answered', async () => {
  const resolver = new Resolver(1)
  const names = ['localhost', 'a.invalid', 'b.invalid', 'localhost']
  const results = await Promise.allSettled(names.map((name) => resolve(resolver, name)))
  expect(results.map(({ status }) => status)).toEqual([
    'fulfilled',
    'rejected',
    'rejected',
    'fulfilled',
  ])
})

test('a question taken back is not answered, and does not keep its place', async () => {
  const resolver = new Resolver(1)
  const answers: (GatewayError | undefined)[] = []
  const running = resolve(resolver, 'localhost')
  const takeBack = resolver.resolve('a.invalid', (error) => answers.push(error))
  takeBack()
  await running
  await expect(resolve(resolver, 'b.invalid')).rejects.toThrow()
  expect(answers).toEqual([])
})
