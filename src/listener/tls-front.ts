import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { TLSSocketOptions } from 'node:tls'
import { GatewayError } from '../errors.ts'
import type { Peer, PeerTls } from '../peer.ts'
import { readProof } from './client-certificate.ts'
import type { CertificateProof } from './client-certificate.ts'
import { normalizeName } from './tls-context.ts'
import type { TlsContexts } from './tls-context.ts'

export interface TlsFrontOptions {
  /** A client that has to show a certificate, and did not show a good one. */
  readonly turnedAway: (peer: Peer, error: GatewayError) => void
  /** A handshake that failed, or TLS that broke later. */
  readonly failed: (error: unknown) => void
}

/**
 * TLS on sockets that others accepted: a TLSSocket for each instead of a tls.Server that does not
 * listen. The server would not tell which accepted socket its TLSSocket stands on, and the deadline
 * and the admitted place belong to that one.
 */
export class TlsFront {
  readonly #options: TlsFrontOptions
  #contexts: TlsContexts
  #socketOptions: TLSSocketOptions

  constructor(contexts: TlsContexts, options: TlsFrontOptions) {
    this.#options = options
    this.#contexts = contexts
    this.#socketOptions = socketOptions(contexts)
  }

  /** Handshakes from now on use these certificates. */
  replace(contexts: TlsContexts): void {
    this.#contexts = contexts
    this.#socketOptions = socketOptions(contexts)
  }

  /**
   * Owns the socket from here on.
   * @param ready called after the handshake, with what it has proved of the peer; never for one
   * that failed
   */
  take(raw: Socket, peer: Peer, ready: (secure: TLSSocket, proven: Peer) => void): void {
    const { clients } = this.#contexts
    const secure = new TLSSocket(raw, this.#socketOptions)
    endsWith(raw, secure)
    const { turnedAway, failed } = this.#options
    const unfinished = (error: NodeJS.ErrnoException): void => {
      if (error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE')
        turnedAway(peer, new GatewayError('credentials-missing', 'no client certificate'))
      else failed(error)
    }
    // Half-open as it is, the socket of a client that left inside its handshake would stay until
    // the deadline.
    const abandoned = (): void => {
      secure.destroy()
    }
    secure.on('error', unfinished).on('end', abandoned)
    secure.once('secure', () => {
      // What an idle connection need not hold.
      secure.on('error', failed).off('error', unfinished).off('end', abandoned)
      const proven = { ...peer, encrypted: true, servername: namedBy(secure), tls: agreed(secure) }
      const proof = clients === undefined ? undefined : readProof(secure)
      if (proof?.kind === 'verified') {
        ready(secure, { ...proven, certificate: proof.certificate })
      } else if (clients?.required === true) {
        // OpenSSL has looked for a certificate; whether it is good is asked for afterwards.
        const why = `client certificate: ${reasonOf(proof)}`
        turnedAway(peer, new GatewayError('credentials-invalid', why))
        secure.destroy()
      } else {
        if (proof?.kind === 'refused')
          failed(new Error(`client certificate not verified: ${proof.reason}`))
        ready(secure, proven)
      }
    })
  }
}

/** One object for all sockets. */
function socketOptions(contexts: TlsContexts): TLSSocketOptions {
  return {
    isServer: true,
    secureContext: contexts.default,
    ALPNProtocols: ['http/1.1'],
    requestCert: contexts.clients !== undefined,
    rejectUnauthorized: contexts.clients?.required ?? false,
    // Asking costs every handshake a stop and a way into JavaScript and back.
    ...(contexts.several && {
      SNICallback: (servername, choose) => choose(null, contexts.pick(servername)),
    }),
  }
}

/** A function of its own, since it lives as long as the connection and holds all that it can see. */
function endsWith(raw: Socket, secure: TLSSocket): void {
  secure.on('close', () => raw.destroy())
}

function namedBy(secure: TLSSocket): string | undefined {
  const name: unknown = secure.servername
  return typeof name === 'string' && name !== '' ? normalizeName(name) : undefined
}

function agreed(secure: TLSSocket): PeerTls {
  const { alpnProtocol } = secure
  return {
    version: secure.getProtocol() ?? '',
    // False where the client offered none.
    alpn: typeof alpnProtocol === 'string' ? alpnProtocol : undefined,
    isResumed: secure.isSessionReused(),
  }
}

function reasonOf(proof: CertificateProof | undefined): string {
  return proof?.kind === 'refused' ? proof.reason : 'none'
}
