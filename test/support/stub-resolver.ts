import type { NameResolver } from '../../src/upstream/resolve.ts'

type Resolve = (name: string) => readonly string[] | Promise<readonly string[]>

/** A resolver that answers every question as the test says, and follows nothing. */
export function stubResolver(resolve: Resolve): NameResolver {
  return {
    addresses: async (name) => {
      const found = await resolve(name)
      return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    },
    services: () => Promise.reject(new Error('there are no services')),
    watchAddresses: () => () => undefined,
    watchServices: () => () => undefined,
  }
}
