import { isIPv6 } from 'node:net'
import { expect, test } from 'vitest'
import { asServers, inTryingOrder } from '../../../src/upstream/resolve-order.ts'

function records(...addresses: readonly string[]) {
  return addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }))
}

test.each([
  [[], []],
  [
    ['10.0.0.2', '10.0.0.1'],
    ['10.0.0.1', '10.0.0.2'],
  ],
  [['10.0.0.1', '10.0.0.1'], ['10.0.0.1']],
  [
    ['10.0.0.1', '::a'],
    ['::a', '10.0.0.1'],
  ],
  [
    ['10.0.0.1', '10.0.0.2', '::b', '::a', '::c'],
    ['::a', '10.0.0.1', '::b', '10.0.0.2', '::c'],
  ],
])('%j are tried in the order %j', (given, ordered) => {
  expect(inTryingOrder(records(...given))).toEqual(records(...ordered))
})

test.each([
  [[], []],
  [
    ['10.0.0.2', '10.0.0.1'],
    [['10.0.0.1'], ['10.0.0.2']],
  ],
  [['10.0.0.1', '::a'], [['::a', '10.0.0.1']]],
  [
    ['10.0.0.1', '10.0.0.2', '::a'],
    [['::a', '10.0.0.1'], ['10.0.0.2']],
  ],
])('%j are the servers %j', (given, servers) => {
  expect(asServers(records(...given))).toEqual(servers.map((server) => records(...server)))
})
