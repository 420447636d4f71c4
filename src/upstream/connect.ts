import { connect as connectTcp, isIP } from 'node:net'
import type { LookupAddress } from 'node:dns'
import type { LookupFunction, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Server } from '../config/server-url.ts'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'
import type { ClientTls } from './client-tls.ts'
import type { NameResolver } from './resolve.ts'

export interface ConnectOptions {
  readonly tls: ClientTls
  /** Where to dial, in the order of trying: what the host of the server stands for. */
  readonly addresses?: readonly LookupAddress[] | undefined
  /** Asked for the addresses of a host for which none are given. */
  readonly resolver?: NameResolver
  /** For the look-up, TCP and TLS together. */
  readonly connectMs: number
  readonly signal: AbortSignal
}

/** Dead peers that no timer of ours watches are found by the kernel, in minutes. */
const keepAliveDelayMs = 60_000
/**
 * An address that has not answered by then is given up for the next, and the last one has the rest
 * of the time. Node's 250 ms are less than the way around the world and back.
 */
const attemptMs = 500

/**
 * Connects to a server: TCP, TLS or a unix socket. What it resolves with is ready for bytes, reads
 * nothing yet, half-closes, and has one listener, which keeps an error that comes while nobody else
 * listens from ending the process: look at `destroyed` when taking it over.
 * @throws {GatewayError} `upstream-unresolved`, `upstream-unreachable`, `upstream-tls`,
 * `upstream-timeout`; the signal's reason
 */
export function connect(server: Server, options: ConnectOptions): Promise<Socket> {
  const { signal, connectMs } = options
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason)
      return
    }
    const secure = server.kind === 'https' || server.kind === 'tls'
    let reached = false
    const waiting = new AbortController()
    const socket = open(server, options, (name, lookupOptions, callback) => {
      addressesOf(name, options, waiting.signal)
        .then((addresses) => {
          const [first] = addresses
          if (first === undefined) throw nothingFound(name)
          if (lookupOptions.all === true) callback(null, [...addresses])
          else callback(null, first.address, first.family)
        })
        .catch((error: unknown) => callback(GatewayError.from(error), []))
    })

    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('connect', connected).off('secureConnect', succeed).off('close', closed)
      waiting.abort()
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.destroy()
      reject(reason)
    }
    const succeed = (): void => {
      settle()
      socket.off('error', failed).on('error', ignoreError)
      socket.setNoDelay(true)
      socket.setKeepAlive(true, keepAliveDelayMs)
      resolve(socket)
    }
    const connected = (): void => {
      reached = true
      if (!secure) succeed()
    }
    const failed = (error: NodeJS.ErrnoException): void => fail(meaningOf(error, server, reached))
    const closed = (): void =>
      fail(new GatewayError('upstream-unreachable', `${server.url}: closed`))
    const abort = (): void => fail(signal.reason)
    const late = (): void =>
      fail(new GatewayError('upstream-timeout', `${server.url}: no connection in ${connectMs} ms`))

    const timer = setTimeout(late, Math.min(connectMs, longestDurationMs))
    signal.addEventListener('abort', abort)
    socket.on('error', failed).on('close', closed).on('connect', connected)
    if (secure) socket.on('secureConnect', succeed)
  })
}

async function addressesOf(
  name: string,
  { addresses, resolver }: ConnectOptions,
  signal: AbortSignal,
): Promise<readonly LookupAddress[]> {
  return addresses ?? (await resolver?.addresses(name, signal)) ?? []
}

function open(server: Server, { tls }: ConnectOptions, lookup: LookupFunction): Socket {
  const { host, port } = server
  if (server.kind === 'unix') return connectTcp({ path: server.path, allowHalfOpen: true })
  const target = {
    host,
    port,
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
    allowHalfOpen: true,
  }
  if (server.kind !== 'https' && server.kind !== 'tls') return connectTcp(target)
  // Not the client's Host: it names what the client wants, not whom we dial.
  const servername = tls.servername ?? (isIP(host) === 0 ? host.replace(/\.$/, '') : undefined)
  return connectTls({
    ...target,
    secureContext: tls.context,
    rejectUnauthorized: tls.verify,
    ...(servername === undefined ? {} : { servername }),
    ...(server.kind === 'https' ? { ALPNProtocols: ['http/1.1'] } : {}),
  })
}

function meaningOf(error: NodeJS.ErrnoException, server: Server, reached: boolean): GatewayError {
  if (error instanceof GatewayError) return error
  const message = `${server.url}: ${error.code ?? ''} ${error.message}`
  // Once TCP stands, whatever fails is the TLS handshake.
  return new GatewayError(reached ? 'upstream-tls' : 'upstream-unreachable', message, {
    cause: error,
  })
}

function nothingFound(name: string): GatewayError {
  return new GatewayError('upstream-unresolved', `${name}: no address`)
}

function ignoreError(): void {
  // 'close' follows every error, and is what those who own the socket watch.
}
