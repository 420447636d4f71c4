import { expect, test } from 'vitest'
import { clientHeader, localHeader } from '../../../src/proxy-protocol/client-header.ts'
import type { ClientFacts } from '../../../src/proxy-protocol/client-header.ts'
import { crc32c } from '../../../src/proxy-protocol/crc32c.ts'

const client: ClientFacts = {
  source: { address: '192.0.2.1', port: 56324 },
  destination: { address: '198.51.100.2', port: 443 },
  authority: 'app.example',
  uniqueId: 'abc-1',
  subject: undefined,
  tls: undefined,
}
const signature = '0d0a0d0a000d0a515549540a'

/** The TLVs of a header by their type, and of the SSL one what is inside. */
function tlvs(bytes: Buffer, from: number): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = from; at < bytes.length; at += 3 + bytes.readUInt16BE(at + 1)) {
    found.set(bytes[at]!, bytes.subarray(at + 3, at + 3 + bytes.readUInt16BE(at + 1)))
  }
  return found
}

function texts(bytes: Buffer, from: number): Record<string, string> {
  const entries = [...tlvs(bytes, from)].map(([type, value]) => [type.toString(16), String(value)])
  return Object.fromEntries(entries) as Record<string, string>
}

test.each([
  ['IPv4', client, 'PROXY TCP4 192.0.2.1 198.51.100.2 56324 443\r\n'],
  [
    'IPv6',
    {
      ...client,
      source: { address: '2001:db8::1', port: 1 },
      destination: { address: '2001:db8::2', port: 65535 },
    },
    'PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n',
  ],
  ['a client without an address', { ...client, source: undefined }, 'PROXY UNKNOWN\r\n'],
  ['a gateway without an address', { ...client, destination: undefined }, 'PROXY UNKNOWN\r\n'],
  [
    'an IPv4 client of an IPv6 listener',
    { ...client, destination: { address: '2001:db8::2', port: 443 } },
    'PROXY TCP4 192.0.2.1 0.0.0.0 56324 443\r\n',
  ],
  [
    'an IPv6 client of an IPv4 listener',
    { ...client, source: { address: '2001:db8::1', port: 5 } },
    'PROXY TCP6 2001:db8::1 ::ffff:198.51.100.2 5 443\r\n',
  ],
])('v1: %s', (_, facts, line) => {
  expect(clientHeader('v1', facts).toString()).toBe(line)
})

test('v2 has the addresses, the name asked for, and the id', () => {
  const header = clientHeader('v2', client)
  const length = header.readUInt16BE(14)
  expect(header.toString('hex', 0, 14)).toBe(`${signature}2111`)
  expect(length).toBe(header.length - 16)
  expect(header.toString('hex', 16, 28)).toBe('c0000201c6336402dc0401bb')
  expect(texts(header, 28)).toMatchObject({ '2': 'app.example', '5': 'abc-1' })
  expect([...tlvs(header, 28).keys()]).toEqual([0x02, 0x05, 0x03])
})

test('v2 of IPv6', () => {
  const header = clientHeader('v2', {
    ...client,
    source: { address: '2001:db8::1', port: 1 },
    destination: { address: '::ffff:10.0.0.1', port: 2 },
  })
  expect(header.toString('hex', 12, 14)).toBe('2121')
  const addresses = ['20010db8000000000000000000000001', '00000000000000000000ffff0a000001']
  expect(header.toString('hex', 16, 52)).toBe(`${addresses.join('')}00010002`)
})

test('v2 of a client without an address says so, and still tells the rest', () => {
  const header = clientHeader('v2', { ...client, source: undefined })
  expect(header.toString('hex', 0, 14)).toBe(`${signature}2100`)
  expect(texts(header, 16)).toMatchObject({ '2': 'app.example', '5': 'abc-1' })
})

test('v2 ends with a checksum of the whole header', () => {
  const header = clientHeader('v2', client)
  const sum = header.readUInt32BE(header.length - 4)
  header.fill(0, header.length - 4)
  expect(crc32c(header)).toBe(sum)
})

test.each([
  ['without a certificate', undefined, '0100000001', {}],
  [
    'with a certificate',
    { commonName: 'device-7', isFresh: true },
    '0700000000',
    { '22': 'device-7' },
  ],
  ['with one of before', { commonName: 'Zoë', isFresh: false }, '0500000000', { '22': 'Zoë' }],
  ['with one that has no name', { commonName: undefined, isFresh: true }, '0700000000', {}],
])('v2 of a client with TLS, %s', (_, certificate, head, more) => {
  const tls = { version: 'TLSv1.3', alpn: 'http/1.1', certificate }
  const header = clientHeader('v2', { ...client, tls })
  expect(texts(header, 28)['1']).toBe('http/1.1')
  const ssl = tlvs(header, 28).get(0x20)!
  expect(ssl.toString('hex', 0, 5)).toBe(head)
  expect(texts(ssl, 5)).toEqual({ '21': 'TLSv1.3', ...more })
})

test('v2 of a client that negotiated no protocol names none', () => {
  const tls = { version: 'TLSv1.2', alpn: undefined, certificate: undefined }
  expect(texts(clientHeader('v2', { ...client, tls }), 28)).not.toHaveProperty('1')
})

test('v2 tells the subject in UTF-8, and leaves one out that is too long', () => {
  expect(texts(clientHeader('v2', { ...client, subject: 'jürgen' }), 28)['e0']).toBe('jürgen')
  const longest = 'ü'.repeat(512)
  expect(texts(clientHeader('v2', { ...client, subject: longest }), 28)['e0']).toBe(longest)
  const header = clientHeader('v2', { ...client, subject: `${longest}x` })
  expect(texts(header, 28)).not.toHaveProperty('e0')
})

test('a connection that is made for nobody is LOCAL in v2', () => {
  expect(localHeader('v2', undefined).toString('hex')).toBe(`${signature}20000000`)
})

test('a connection that is made for nobody tells its own ends in v1', () => {
  const own = { source: client.source!, destination: client.destination! }
  expect(localHeader('v1', own)).toEqual(clientHeader('v1', client))
  expect(localHeader('v1', undefined).toString()).toBe('PROXY UNKNOWN\r\n')
})
