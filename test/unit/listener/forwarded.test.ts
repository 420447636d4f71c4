import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { get } from '../../support/edge-request.ts'

const trustedProxies = ['10.0.0.0/8', '2001:db8:1::/48']
const proxy = { peer: { address: '10.0.0.1' }, trustedProxies }

function malformed() {
  return expect.objectContaining({ token: 'request-malformed' })
}

describe('the client', () => {
  test.each([
    ['no header', [], '10.0.0.1'],
    ['an empty header', ['X-Forwarded-For:'], '10.0.0.1'],
    ['one address', ['X-Forwarded-For: 192.0.2.1'], '192.0.2.1'],
    ['the rightmost', ['X-Forwarded-For: 198.51.100.9, 192.0.2.1'], '192.0.2.1'],
    ['behind a second proxy', ['X-Forwarded-For: 192.0.2.1, 10.1.1.1'], '192.0.2.1'],
    ['over several lines', ['X-Forwarded-For: 9.9.9.9', 'x-forwarded-for: 192.0.2.1'], '192.0.2.1'],
    ['all trusted', ['X-Forwarded-For: 10.3.3.3, 10.2.2.2'], '10.3.3.3'],
    ['a port', ['X-Forwarded-For: 192.0.2.1:4711'], '192.0.2.1'],
    ['IPv6', ['X-Forwarded-For: 2001:DB8::0:1'], '2001:db8::1'],
    ['IPv6 in brackets', ['X-Forwarded-For: [2001:db8::1]'], '2001:db8::1'],
    ['IPv6 with a port', ['X-Forwarded-For: [2001:db8::1]:443'], '2001:db8::1'],
    ['a trusted IPv6 proxy', ['X-Forwarded-For: 192.0.2.1, 2001:db8:1::9'], '192.0.2.1'],
    ['a mapped address', ['X-Forwarded-For: ::ffff:192.0.2.1'], '192.0.2.1'],
    ['a mapped trusted one', ['X-Forwarded-For: 192.0.2.1, ::ffff:10.9.9.9'], '192.0.2.1'],
    ['no blanks', ['X-Forwarded-For: 9.9.9.9,192.0.2.1'], '192.0.2.1'],
    ['rubbish that is not reached', ['X-Forwarded-For: <script>,, 192.0.2.1'], '192.0.2.1'],
  ])('is found with %s', (_, lines, client) => {
    expect(get('/', lines, proxy)).toMatchObject({ client, peerTrusted: true })
  })

  test.each([
    'unknown',
    'unix',
    '_hidden',
    'localhost',
    '192.0.2.1, ',
    '192.0.2.1,,10.1.1.1',
    ',',
    '192.0.2',
    '192.0.2.256',
    '192.0.2.01',
    '192.0.2.1:',
    '192.0.2.1:x',
    '192.0.2.1:123456',
    '192.0.2.1/24',
    '[192.0.2.1]',
    '[2001:db8::1',
    '[2001:db8::1]x',
    '[]',
    '"192.0.2.1"',
    'for=192.0.2.1',
    '192.0.2.1 10.1.1.1',
    '0xc0000201',
    '192.0.2.1\xa0',
  ])('is refused where an entry reached is no address: %j', (value) => {
    expect(() => get('/', [`X-Forwarded-For: ${value}`], proxy)).toThrow(malformed())
  })

  test('is the peer where the peer is no trusted proxy, whatever it sends', () => {
    const lines = ['X-Forwarded-For: 192.0.2.1, rubbish', 'X-Forwarded-Proto: gopher']
    const request = get('/', lines, { peer: { address: '192.0.2.50' }, trustedProxies })
    expect(request).toMatchObject({ client: '192.0.2.50', scheme: 'http', peerTrusted: false })
  })

  test('comes through a unix socket where that is trusted', () => {
    const peer = { address: 'unix', port: undefined }
    const lines = ['X-Forwarded-For: 192.0.2.1']
    expect(get('/', lines, { peer, trustedProxies: ['unix'] }).client).toBe('192.0.2.1')
    expect(get('/', lines, { peer, trustedProxies: ['0.0.0.0/0', '::/0'] }).client).toBe('unix')
  })

  test('is never an address left of one that is not trusted', () => {
    const untrusted = fc.constantFrom('192.0.2.1', '198.51.100.1', '2001:db8:2::1')
    const trusted = fc.constantFrom('10.0.0.2', '10.255.0.1', '2001:db8:1::7')
    const spoofed = fc.array(fc.oneof(fc.string({ maxLength: 9 }), fc.ipV4(), fc.ipV6()))
    fc.assert(
      fc.property(spoofed, untrusted, fc.array(trusted), (left, real, right) => {
        const safe = left.map((text) => text.replace(/[^\x20-\x7e]/g, ''))
        const chain = [...safe, real, ...right].join(', ')
        expect(get('/', [`X-Forwarded-For: ${chain}`], proxy).client).toBe(real)
      }),
    )
  })
})

describe('the scheme', () => {
  test.each([
    ['http', 'http'],
    ['https', 'https'],
    ['HTTPS', 'https'],
    ['ws', 'http'],
    ['wss', 'https'],
    ['http, https', 'https'],
    ['gopher, http', 'http'],
  ])('of a trusted proxy that says %s is %s', (value, scheme) => {
    const request = get('/', [`X-Forwarded-Proto: ${value}`], proxy)
    expect(request).toMatchObject({ scheme, schemeKnown: true })
  })

  test('is what the proxy says, not how the proxy came', () => {
    const options = { peer: { address: '10.0.0.1', encrypted: true }, trustedProxies }
    expect(get('/', ['X-Forwarded-Proto: http'], options)).toMatchObject({
      scheme: 'http',
      schemeKnown: true,
    })
    expect(get('/', [], options)).toMatchObject({ scheme: 'https', schemeKnown: true })
  })

  test('of several lines is the last, which the nearest proxy wrote', () => {
    const lines = ['X-Forwarded-Proto: https', 'X-Forwarded-Proto: http']
    expect(get('/', lines, proxy).scheme).toBe('http')
  })

  test('is not known on a plain listener that nobody vouches for', () => {
    expect(get('/', ['X-Forwarded-Proto: https'])).toMatchObject({
      scheme: 'http',
      schemeKnown: false,
    })
    expect(get('/', ['X-Forwarded-Proto:'], proxy).schemeKnown).toBe(false)
  })

  test.each(['gopher', 'https,', 'https, x', 'on', 'https:', 'https\xa0'])(
    '%j is refused',
    (value) => {
      expect(() => get('/', [`X-Forwarded-Proto: ${value}`], proxy)).toThrow(malformed())
    },
  )
})

test('X-Forwarded-Host changes nothing', () => {
  const lines = ['X-Forwarded-Host: admin.example.com', 'X-Forwarded-Port: 1']
  expect(get('/', lines, proxy)).toMatchObject({ host: 'app.example.com', port: undefined })
})
