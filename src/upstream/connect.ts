import { connect as connectTcp, isIP } from 'node:net'
import type { LookupFunction, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Server } from '../config/server-url.ts'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'
import type { ClientTls } from './client-tls.ts'
import type { Resolver } from './resolve.ts'

export interface ConnectOptions {
  readonly tls: ClientTls
  readonly resolver: Resolver
  /** For the look-up, TCP and TLS together. */
  readonly connectMs: number
  readonly signal: AbortSignal
}

/** Dead peers that no timer of ours watches are found by the kernel, in minutes. */
const keepAliveDelayMs = 60_000
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
    let forget: (() => void) | undefined
    let reached = false
    const socket = open(server, options, (name, lookupOptions, callback) => {
      forget = options.resolver.resolve(name, (error, addresses) => {
        const [first] = addresses ?? []
        if (error !== undefined || first === undefined) callback(error ?? nothingFound(name), [])
        else if (lookupOptions.all === true) callback(null, addresses)
        else callback(null, first.address, first.family)
      })
    })

    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('connect', connected).off('secureConnect', succeed).off('close', closed)
      forget?.()
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

function open(server: Server, { tls }: ConnectOptions, lookup: LookupFunction): Socket {
  const { host, port } = server
  if (server.kind === 'unix') return connectTcp({ path: server.path, allowHalfOpen: true })
  const target = { host, port, lookup, autoSelectFamily: true, allowHalfOpen: true }
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
