import { describe, expect, test } from 'vitest'
import { Admission } from '../../../src/admission/admission.ts'
import type { AdmissionConfig } from '../../../src/config/config.ts'
import { AddressSet } from '../../../src/config/address-set.ts'
import type { Peer } from '../../../src/peer.ts'

function setUp(config: Partial<AdmissionConfig> = {}, fileLimit = Infinity) {
  const warnings: string[] = []
  const clock = { now: 0 }
  const admission = new Admission(
    { connections: 'auto', ...config },
    {
      fileLimit,
      trusted: new AddressSet(['10.0.0.0/8']),
      warn: (message) => warnings.push(message),
      now: () => clock.now,
    },
  )
  return { admission, warnings, clock }
}

function peer(address: string): Peer {
  return { address, port: 1, encrypted: false, servername: undefined }
}

/** Takes places until one is refused. */
function fill(admission: Admission, address: string, most: number): number {
  for (let held = 0; held < most; held += 1) {
    if (admission.acquireConnection(peer(address)).refusal !== undefined) return held
  }
  return most
}

/** Shakes hands until one is refused. */
function count(admission: Admission, client: string, most: number): number {
  for (let passed = 0; passed < most; passed += 1) {
    try {
      admission.admitHandshake(client)
    } catch (error) {
      expect(error).toMatchObject({ token: 'client-limit' })
      return passed
    }
  }
  return most
}

describe('all connections together', () => {
  test('are capped by the configuration', () => {
    const { admission } = setUp({ connections: 2 })
    const first = admission.acquireConnection(peer('192.0.2.1'))
    admission.acquireConnection(peer('192.0.2.2'))
    expect(admission.acquireConnection(peer('192.0.2.3'))).toMatchObject({
      refusal: { token: 'gateway-full' },
      reset: false,
    })
    first.release()
    first.release()
    expect(admission.acquireConnection(peer('192.0.2.3')).refusal).toBeUndefined()
    expect(admission.acquireConnection(peer('192.0.2.3')).refusal).toBeDefined()
  })

  test.each([
    [264, 100],
    [265, 100],
    [10, 1],
  ])('are capped by half of %i open files that are not ours: %i', (fileLimit, most) => {
    const { admission } = setUp({ connectionsPerClient: Infinity }, fileLimit)
    expect(fill(admission, '192.0.2.1', 1000)).toBe(most)
  })

  test('count unix peers and trusted proxies too', () => {
    const { admission } = setUp({ connections: 2 })
    admission.acquireConnection(peer('unix'))
    admission.acquireConnection(peer('10.0.0.1'))
    expect(admission.acquireConnection(peer('10.0.0.1')).refusal?.token).toBe('gateway-full')
  })

  test('a refused one does not count against its client', () => {
    const { admission } = setUp({ connections: 1, connectionsPerClient: 1 })
    const held = admission.acquireConnection(peer('192.0.2.1'))
    admission.acquireConnection(peer('192.0.2.2'))
    held.release()
    expect(admission.acquireConnection(peer('192.0.2.2')).refusal).toBeUndefined()
  })
})

test('a hundred refusals are told at once, further ones are reset', () => {
  const { admission } = setUp({ connections: 0 })
  const told = Array.from({ length: 100 }, () => admission.acquireConnection(peer('192.0.2.1')))
  expect(told.every(({ reset }) => !reset)).toBe(true)
  const further = admission.acquireConnection(peer('192.0.2.1'))
  expect(further).toMatchObject({ refusal: { token: 'gateway-full' }, reset: true })
  further.release()
  expect(admission.acquireConnection(peer('192.0.2.1')).reset).toBe(true)
  told[0]?.release()
  expect(admission.acquireConnection(peer('192.0.2.1')).reset).toBe(false)
})

test('refusals leave the files alone that the connections let in need', () => {
  const { admission } = setUp({ connectionsPerClient: Infinity }, 128)
  expect(fill(admission, '192.0.2.1', 1000)).toBe(32)
  // The one that `fill` was refused is the first of 32.
  for (let told = 1; told < 32; told += 1) {
    expect(admission.acquireConnection(peer('192.0.2.1')).reset).toBe(false)
  }
  expect(admission.acquireConnection(peer('192.0.2.1')).reset).toBe(true)
})

describe('connections of one client', () => {
  test('are 200 by default', () => {
    const { admission } = setUp()
    expect(fill(admission, '192.0.2.1', 1000)).toBe(200)
    expect(admission.acquireConnection(peer('192.0.2.1')).refusal?.token).toBe('client-limit')
    expect(admission.acquireConnection(peer('192.0.2.2')).refusal).toBeUndefined()
  })

  test('are counted by /64', () => {
    const { admission } = setUp({ connectionsPerClient: 2 })
    admission.acquireConnection(peer('2001:db8::1'))
    admission.acquireConnection(peer('2001:db8::ffff:1'))
    expect(admission.acquireConnection(peer('2001:db8::2')).refusal?.token).toBe('client-limit')
    expect(admission.acquireConnection(peer('2001:db8:0:1::1')).refusal).toBeUndefined()
  })

  test.each(['10.0.0.1', 'unix'])('of %s are not counted', (address) => {
    const { admission } = setUp({ connectionsPerClient: 1 })
    expect(fill(admission, address, 500)).toBe(500)
  })

  test.each([
    '127.0.0.1',
    '::1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.1.1',
    '100.64.0.1',
    'fd00::1',
    'fe80::1',
  ])('of %s are not held to the default, which is said once', (address) => {
    const { admission, warnings } = setUp()
    expect(fill(admission, address, 500)).toBe(500)
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toContain('trustedProxies')
  })

  test('that stay under the default are no reason for a word', () => {
    const { admission, warnings } = setUp()
    fill(admission, '127.0.0.1', 200)
    expect(warnings).toEqual([])
  })

  test('of everybody are held to a value that is written', () => {
    const { admission, warnings } = setUp({ connectionsPerClient: 3 })
    expect(fill(admission, '127.0.0.1', 10)).toBe(3)
    expect(warnings).toEqual([])
  })
})

describe('handshakes of one client', () => {
  test('are 50 a second by default', () => {
    const { admission, clock } = setUp()
    expect(count(admission, '192.0.2.1', 1000)).toBe(50)
    expect(count(admission, '192.0.2.2', 1000)).toBe(50)
    clock.now = 100
    expect(count(admission, '192.0.2.1', 1000)).toBe(5)
  })

  test('are counted by /64', () => {
    const { admission } = setUp({ handshakesPerClient: { count: 2, perMs: 1000 } })
    expect(count(admission, '2001:db8::1', 10)).toBe(2)
    expect(count(admission, '2001:db8::2', 10)).toBe(0)
  })

  test('that are not public are not held to the default, which is said once', () => {
    const { admission, warnings } = setUp()
    expect(count(admission, '127.0.0.1', 500)).toBe(500)
    expect(warnings).toHaveLength(1)
  })

  test('of everybody with an address are held to a value that is written', () => {
    const { admission } = setUp({ handshakesPerClient: { count: 2, perMs: 1000 } })
    expect(count(admission, '127.0.0.1', 10)).toBe(2)
    expect(count(admission, '10.0.0.1', 10)).toBe(2)
    expect(count(admission, 'unix', 10)).toBe(10)
  })

  test('have no limit where none is set', () => {
    const { admission } = setUp({ handshakesPerClient: { count: Infinity, perMs: 1000 } })
    expect(count(admission, '192.0.2.1', 1000)).toBe(1000)
  })
})
