import { expect, test } from 'vitest'
import { headerName } from '../../../src/http/header-name.ts'

test.each([
  ['Connection', { lower: 'connection', hopByHop: true }],
  ['PROXY_Authorization', { lower: 'proxy_authorization', proxy: true }],
  ['Proxy', { proxy: true }],
  ['X-Forwarded-For', { forwarding: true, trustedForwarding: true }],
  ['X-Real-IP', { forwarding: true, trustedForwarding: false }],
  ['Accept', { hopByHop: false, proxy: false, forwarding: false, trustedForwarding: false }],
])('%s', (name, traits) => {
  // Again, from memory.
  for (let count = 0; count < 2; count++) expect(headerName(name)).toMatchObject(traits)
})

test('names that peers make up push nothing wrong in', () => {
  for (let count = 0; count < 2_000; count++) headerName(`X-Made-Up-${count}`)
  expect(headerName('Upgrade')).toMatchObject({ lower: 'upgrade', hopByHop: true })
  expect(headerName('x'.repeat(10_000)).lower).toHaveLength(10_000)
})
