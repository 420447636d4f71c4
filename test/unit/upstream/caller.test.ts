import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Peer } from '../../../src/peer.ts'
import { preludeFor } from '../../../src/upstream/caller.ts'
import type { Caller } from '../../../src/upstream/caller.ts'
import { rawServer } from '../../support/peers.ts'
import { ipv4TlvsAt, tlvTexts } from '../../support/proxy-headed.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A connection to a server of this machine. */
async function connected(): Promise<ReturnType<typeof connect>> {
  const server = await rawServer(() => undefined)
  const socket = connect(server.port, '127.0.0.1')
  closing.push(() => (socket.destroy(), server.close()))
  await once(socket, 'connect')
  return socket
}

function callerFrom(peer: Partial<Peer> = {}, more: Partial<Caller> = {}): Caller {
  const known = { address: '192.0.2.1', port: 7, encrypted: false, servername: undefined, ...peer }
  return {
    request: { id: 'x-1', client: known.address, host: 'app.example', peer: known },
    socket: { localAddress: '198.51.100.2', localPort: 443 },
    subject: undefined,
    ...more,
  }
}

async function line(caller: Caller | undefined): Promise<string> {
  return String(preludeFor('v1', caller)!(await connected()))
}

async function tlvs(caller: Caller): Promise<Record<string, string>> {
  return tlvTexts(preludeFor('v2', caller)!(await connected()), ipv4TlvsAt)
}

test('nothing is sent where nothing is asked for', () => {
  expect(preludeFor(undefined, callerFrom())).toBeUndefined()
})

test('the client and what it connected to', async () => {
  expect(await line(callerFrom())).toBe('PROXY TCP4 192.0.2.1 198.51.100.2 7 443\r\n')
})

test('what a proxy announced comes before what the socket says', async () => {
  const destination = { address: '203.0.113.1', port: 8443 }
  expect(await line(callerFrom({ destination }))).toBe(
    'PROXY TCP4 192.0.2.1 203.0.113.1 7 8443\r\n',
  )
})

test('an IPv4 connection to an IPv6 socket is one of IPv4', async () => {
  const socket = { localAddress: '::ffff:198.51.100.2', localPort: 443 }
  expect(await line(callerFrom({}, { socket }))).toBe('PROXY TCP4 192.0.2.1 198.51.100.2 7 443\r\n')
})

test('of a client behind a trusted proxy nobody knows the port', async () => {
  const { request } = callerFrom()
  const caller = callerFrom({}, { request: { ...request, client: '203.0.113.9' } })
  expect(await line(caller)).toBe('PROXY TCP4 203.0.113.9 198.51.100.2 0 443\r\n')
})

test.each([
  ['a client on a unix socket', callerFrom({ address: 'unix', port: undefined })],
  ['a socket that is gone', callerFrom({}, { socket: {} })],
])('%s is unknown', async (_, caller) => {
  expect(await line(caller)).toBe('PROXY UNKNOWN\r\n')
})

test('a connection for nobody is LOCAL, or names its own two ends', async () => {
  const socket = await connected()
  const { localPort, remotePort } = socket
  expect(preludeFor('v2', undefined)!(socket)[12]).toBe(0x20)
  expect(String(preludeFor('v1', undefined)!(socket))).toBe(
    `PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${remotePort}\r\n`,
  )
})

test('the name of the TLS handshake comes before that of the Host', async () => {
  expect((await tlvs(callerFrom()))['02']).toBe('app.example')
  expect((await tlvs(callerFrom({ servername: 'sni.example' })))['02']).toBe('sni.example')
})

test.each([
  ['CN=device-7,O=Example', 'device-7'],
  ['CN=a\\, b\\2B\\C3\\BC,O=Example', 'a, b+ü'],
  ['CN=one,CN=two', undefined],
  ['O=Example', undefined],
])('of the subject %s the common name is %s', async (subject, name) => {
  const certificate = { subject, sans: [], serial: '01', fingerprint256: 'AA', expiresAt: Infinity }
  const tls = { version: 'TLSv1.2', alpn: undefined, isResumed: true }
  const ssl = Buffer.from((await tlvs(callerFrom({ tls, certificate })))['20']!, 'latin1')
  expect(ssl[0]).toBe(0x05)
  const told = tlvTexts(ssl, 5)['22']
  expect(told && Buffer.from(told, 'latin1').toString()).toBe(name)
})
