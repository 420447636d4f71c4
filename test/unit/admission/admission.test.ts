import { describe, expect, test } from 'vitest'
import { Admission } from '../../../src/admission/admission.ts'
import { LocalLedger } from '../../../src/admission/local-ledger.ts'
import type { AdmissionConfig } from '../../../src/config/settled/admission.ts'
import { AddressSet } from '../../../src/config/address-set.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Peer } from '../../../src/peer.ts'

const unlimited = { count: Infinity, perMs: 1000 }

function setUp(config: Partial<AdmissionConfig> = {}, fileLimit = Infinity) {
  const warnings: string[] = []
  const clock = { now: 0 }
  const memory = { full: false }
  const admission = new Admission(
    { connections: 'auto', requestsPerClient: unlimited, memory: Infinity, ...config },
    {
      ledger: new LocalLedger(() => clock.now),
      memory: {
        check() {
          if (memory.full) throw new GatewayError('gateway-full', 'full')
        },
      },
      fileLimit,
      trusted: new AddressSet(['10.0.0.0/8']),
      warn: (message) => warnings.push(message),
    },
  )
  return { admission, warnings, clock, memory }
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

/** Calls until one is refused. */
function count(admit: (client: string) => void, client: string, most: number): number {
  for (let passed = 0; passed < most; passed += 1) {
    try {
      admit(client)
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

  test('count a peer that stands for others, who counts as nobody’s', () => {
    const { admission } = setUp({ connections: 3, connectionsPerClient: 1 })
    for (let count = 0; count < 3; count++)
      expect(admission.acquireConnection(peer('192.0.2.1'), false).refusal).toBeUndefined()
    expect(admission.acquireConnection(peer('192.0.2.1'), false).refusal?.token).toBe(
      'gateway-full',
    )
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
    const shake = (client: string): void => admission.admitHandshake(client)
    expect(count(shake, '192.0.2.1', 1000)).toBe(50)
    expect(count(shake, '192.0.2.2', 1000)).toBe(50)
    clock.now = 100
    expect(count(shake, '192.0.2.1', 1000)).toBe(5)
  })

  test('that are not public are not held to the default, which is said once', () => {
    const { admission, warnings } = setUp()
    expect(count((client) => admission.admitHandshake(client), '127.0.0.1', 500)).toBe(500)
    expect(warnings).toHaveLength(1)
  })

  test('find no place where memory is used up, however few they are', () => {
    const { admission, memory } = setUp({ handshakesPerClient: unlimited })
    memory.full = true
    const full = expect.objectContaining({ token: 'gateway-full' })
    expect(() => admission.admitHandshake('192.0.2.1')).toThrow(full)
    expect(() => admission.admitHandshake('unix')).toThrow(full)
    expect(() => admission.admitRequest('192.0.2.1')).not.toThrow()
  })
})

describe.each([
  ['handshakesPerClient', (admission: Admission) => (c: string) => admission.admitHandshake(c)],
  ['requestsPerClient', (admission: Admission) => (c: string) => admission.admitRequest(c)],
] as const)('%s', (key, admit) => {
  const two = { [key]: { count: 2, perMs: 1000 } }

  test('is counted by /64', () => {
    const ask = admit(setUp(two).admission)
    expect(count(ask, '2001:db8::1', 10)).toBe(2)
    expect(count(ask, '2001:db8::2', 10)).toBe(0)
    expect(count(ask, '2001:db8:0:1::1', 10)).toBe(2)
  })

  test('holds everybody with an address to a value that is written', () => {
    const ask = admit(setUp(two).admission)
    expect(count(ask, '127.0.0.1', 10)).toBe(2)
    expect(count(ask, '10.0.0.1', 10)).toBe(2)
    expect(count(ask, 'unix', 10)).toBe(10)
  })

  test('has no limit where none is set', () => {
    const ask = admit(setUp({ [key]: unlimited }).admission)
    expect(count(ask, '192.0.2.1', 1000)).toBe(1000)
  })

  test('says when to come again', () => {
    const ask = admit(setUp({ [key]: { count: 6, perMs: 60_000 } }).admission)
    ask('192.0.2.1')
    expect(() => ask('192.0.2.1')).toThrow(
      expect.objectContaining({ headers: ['Retry-After', '10'] }),
    )
  })
})

test('handshakes and requests are counted apart', () => {
  const rate = { count: 1, perMs: 1000 }
  const { admission } = setUp({ handshakesPerClient: rate, requestsPerClient: rate })
  admission.admitHandshake('192.0.2.1')
  expect(() => admission.admitRequest('192.0.2.1')).not.toThrow()
})
