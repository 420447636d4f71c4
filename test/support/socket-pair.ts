import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Server, ServerOpts, Socket } from 'node:net'
import { connect as connectTls, createServer as createTlsServer } from 'node:tls'
import type { ConnectionOptions, TlsOptions } from 'node:tls'
import { mintPair } from './certs.ts'
import type { PairWithAuthority } from './certs.ts'

export type Transport = 'tcp' | 'tls1.2' | 'tls1.3'
export const transports: readonly Transport[] = ['tcp', 'tls1.2', 'tls1.3']

export interface SocketPair {
  /** The accepted end, paused: nothing reads it. */
  readonly ours: Socket
  /** The connecting end. Nothing reads it yet. */
  readonly peer: Socket
}

/** Makes connected sockets on one listener, and knows which are still open. */
export class SocketPairs {
  readonly #server: Server
  readonly #transport: Transport
  readonly #open = new Set<Socket>()
  readonly #accepted: ((socket: Socket) => void)[] = []

  private constructor(transport: Transport, certificate: PairWithAuthority | undefined) {
    this.#transport = transport
    const accept = (socket: Socket): void => {
      socket.pause()
      this.#track(socket)
      this.#accepted.shift()?.(socket)
    }
    if (transport === 'tcp') {
      this.#server = createServer(
        { allowHalfOpen: true, pauseOnConnect: true, noDelay: true },
        accept,
      )
      return
    }
    const version = transport === 'tls1.2' ? 'TLSv1.2' : 'TLSv1.3'
    const options: TlsOptions & ServerOpts = {
      cert: certificate!.cert,
      key: certificate!.key,
      minVersion: version,
      maxVersion: version,
      allowHalfOpen: true,
      noDelay: true,
    }
    this.#server = createTlsServer(options, accept)
  }

  static async open(transport: Transport): Promise<SocketPairs> {
    const certificate = transport === 'tcp' ? undefined : await mintPair(['localhost', '127.0.0.1'])
    const pairs = new SocketPairs(transport, certificate)
    pairs.#server.listen(0, '127.0.0.1')
    await once(pairs.#server, 'listening')
    return pairs
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Sockets of either end that are not closed. */
  get open(): number {
    return this.#open.size
  }

  /** @param via another port that leads here */
  async connect(via = this.port): Promise<SocketPair> {
    const accepted = this.accept()
    const tcp = connect({ port: via, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    this.#track(tcp)
    await once(tcp, 'connect')
    if (this.#transport === 'tcp') return { ours: await accepted, peer: tcp }
    const options: ConnectionOptions = { socket: tcp, rejectUnauthorized: false }
    const peer = connectTls(options)
    peer.allowHalfOpen = true
    this.#track(peer)
    await once(peer, 'secureConnect')
    return { ours: await accepted, peer }
  }

  accept(): Promise<Socket> {
    return new Promise((resolve) => this.#accepted.push(resolve))
  }

  /** Destroys what is open and stops listening. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const socket of this.#open) socket.destroy()
    await closed
  }

  #track(socket: Socket): void {
    this.#open.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => this.#open.delete(socket))
  }
}
