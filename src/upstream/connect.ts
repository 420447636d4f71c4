import { connect as connectTcp, isIP } from 'node:net'
import type { LookupAddress } from 'node:dns'
import type { IpcNetConnectOpts, LookupFunction, Socket, TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ConnectionOptions } from 'node:tls'
import type { Server } from '../config/server-url.ts'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'
import type { ClientTls } from './client-tls.ts'
import { locate, located } from './locate.ts'
import type { Located } from './locate.ts'
import type { NameResolver } from './resolve.ts'

export interface ConnectOptions {
  readonly tls: ClientTls
  /** Where to dial, in the order of trying: what the host of the server stands for. */
  readonly addresses?: readonly LookupAddress[] | undefined
  /** Asked for the addresses of a host for which none are given. */
  readonly resolver?: NameResolver
  /** What is sent first, in front of TLS too: a PROXY header. Asked once the socket is connected. */
  readonly prelude?: ((socket: Socket) => Buffer) | undefined
  /** For the look-up, TCP and TLS together. */
  readonly connectMs: number
  readonly signal: AbortSignal
}

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
  const known = located(server, options.addresses)
  // As nearly always: there is nobody to ask, and nothing to say.
  if (known !== undefined && options.prelude === undefined) {
    return attempt(known, options, isSecure(server))
  }
  return connectInSteps(server, options)
}

async function connectInSteps(server: Server, options: ConnectOptions): Promise<Socket> {
  const { prelude, connectMs, signal } = options
  signal.throwIfAborted()
  const began = performance.now()
  const left = (): ConnectOptions => {
    const leftMs = Math.max(1, connectMs - (performance.now() - began))
    return { ...options, connectMs: leftMs }
  }
  const place = await locate(server, options)
  const secure = isSecure(server)
  if (prelude === undefined) return attempt(place, left(), secure)
  const socket = await attempt(place, left(), false)
  socket.write(prelude(socket))
  return secure ? attempt(place, left(), true, socket) : socket
}

function isSecure({ kind }: Server): boolean {
  return kind === 'https' || kind === 'tls'
}

/** @param over a connection to the server that TLS is to be spoken on; left out for a new one */
function attempt(
  place: Located,
  options: ConnectOptions,
  secure: boolean,
  over?: Socket,
): Promise<Socket> {
  const { signal, connectMs } = options
  const { server } = place
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      over?.destroy()
      reject(signal.reason)
      return
    }
    let reached = over !== undefined
    const target = targetOf(place)
    const socket = secure
      ? openTls(server, options.tls, over === undefined ? target : { socket: over })
      : connectTcp(target)

    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('connect', connected).off('secureConnect', succeed).off('close', closed)
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.destroy()
      over?.destroy()
      reject(reason)
    }
    const succeed = (): void => {
      settle()
      socket.off('error', failed).on('error', ignoreError)
      socket.setNoDelay(true)
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
      fail(new GatewayError('upstream-timeout', `${server.url}: no connection in time`))

    const timer = setTimeout(late, Math.min(connectMs, longestDurationMs))
    signal.addEventListener('abort', abort)
    socket.on('error', failed).on('close', closed).on('connect', connected)
    if (secure) socket.on('secureConnect', succeed)
  })
}

function targetOf({ server, addresses }: Located): IpcNetConnectOpts | TcpNetConnectOpts {
  if (server.kind === 'unix') return { path: server.path, allowHalfOpen: true }
  const { host, port } = server
  if (addresses.length === 0 && isIP(host) !== 0) return { host, port, allowHalfOpen: true }
  // Node's question for the addresses of a host: they are known, and nobody else is asked.
  const lookup: LookupFunction = (name, { all }, callback) => {
    const [first] = addresses
    if (first === undefined) callback(nothingFound(name), [])
    else if (all === true) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }
  return {
    host,
    port,
    lookup,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: attemptMs,
    allowHalfOpen: true,
  }
}

function openTls(
  { kind, host }: Server,
  tls: ClientTls,
  target: ReturnType<typeof targetOf> | { readonly socket: Socket },
): Socket {
  // Not the client's Host: it names what the client wants, not whom we dial.
  const servername = tls.servername ?? (isIP(host) === 0 ? host.replace(/\.$/, '') : undefined)
  const options: ConnectionOptions & { readonly allowHalfOpen: boolean } = {
    ...target,
    // What the certificate has to be for where no servername says it; on a socket nobody else knows.
    host,
    allowHalfOpen: true,
    secureContext: tls.context,
    rejectUnauthorized: tls.verify,
    ...(servername === undefined ? {} : { servername }),
    ...(kind === 'https' ? { ALPNProtocols: ['http/1.1'] } : {}),
  }
  return connectTls(options)
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
