import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { Target } from './plan.ts'

/** What arrives on any connection is read here: it is the sink's only during the call. */
const shared = Buffer.allocUnsafeSlow(262_144)

/**
 * One version, cipher and group, so that all proxies do the same work whatever their libraries
 * prefer. No session is ever offered for resumption.
 */
const secureContext = createSecureContext({
  minVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256',
  ecdhCurve: 'X25519',
})

const verifyNothing = { rejectUnauthorized: false } as const

export interface Hears {
  /** Connected, and its TLS handshake done. */
  open(): void
  bytes(bytes: Buffer, from: number, to: number): void
  /** The other side ended it, or it failed. */
  ended(error: Error | undefined): void
}

/** A connection to the proxy whose reads all go to one shared buffer. */
export function dial(target: Target, hears: Hears): Socket {
  const onread = {
    buffer: shared,
    callback(bytes: number): boolean {
      hears.bytes(shared, 0, bytes)
      return true
    },
  }
  const address = { host: '127.0.0.1', port: target.port }
  const options = { ...address, onread }
  // The types of tls.connect lack `onread`, which its documentation has.
  const tlsOptions = { ...options, ...verifyNothing, secureContext, servername: 'localhost' }
  const open = (): void => hears.open()
  const socket = target.tls
    ? connectTls(tlsOptions as ConnectionOptions, open)
    : connect(options, open)
  socket.setNoDelay(true)
  let failure: Error | undefined
  socket.on('error', (error) => (failure = error))
  socket.on('close', () => hears.ended(failure))
  return socket
}
