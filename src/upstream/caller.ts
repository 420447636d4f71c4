import { isIP } from 'node:net'
import type { Socket } from 'node:net'
import { canonicalAddress } from '../config/address.ts'
import { parseName } from '../config/distinguished-name.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import type { Peer } from '../peer.ts'
import { clientHeader, localHeader } from '../proxy-protocol/client-header.ts'
import type { ClientFacts, ClientTlsFacts, ProxyVersion } from '../proxy-protocol/client-header.ts'
import type { Endpoint, Endpoints } from '../proxy-protocol/endpoints.ts'

/** For whom an upstream is connected to. */
export interface Caller {
  readonly request: Pick<EdgeRequest, 'id' | 'client' | 'host' | 'peer'>
  /** The client's own, which knows what it connected to. */
  readonly socket: {
    readonly localAddress?: string | undefined
    readonly localPort?: number | undefined
  }
  /** Who it is, where the route asks. */
  readonly subject: string | undefined
}

/**
 * What a connection to a backend begins with: a PROXY header that tells for whom it is, or that it
 * is for nobody.
 * @param told what is left out although it is known: a Host that is a token is the gateway's alone
 * @returns undefined where none is sent
 */
export function preludeFor(
  version: ProxyVersion | undefined,
  caller: Caller | undefined,
  told: { readonly authority: boolean } = { authority: true },
): ((socket: Socket) => Buffer) | undefined {
  if (version === undefined) return undefined
  if (caller === undefined) return (socket) => localHeader(version, ownEnds(socket))
  return () => {
    const facts = factsOf(caller)
    return clientHeader(version, told.authority ? facts : { ...facts, authority: undefined })
  }
}

/** What is told of TLS is about the connection that ends here, be it a client's or a proxy's. */
function factsOf({ request, socket, subject }: Caller): ClientFacts {
  const { id, client, host, peer } = request
  return {
    source: sourceOf(client, peer),
    destination: peer.destination ?? endpoint(socket.localAddress, socket.localPort),
    // The name in the TLS handshake is the one that the specification means.
    authority: peer.servername ?? host,
    uniqueId: id,
    subject,
    tls: tlsOf(peer),
  }
}

function ownEnds(socket: Socket): Endpoints | undefined {
  const source = endpoint(socket.localAddress, socket.localPort)
  const destination = endpoint(socket.remoteAddress, socket.remotePort)
  return source && destination && { source, destination }
}

/** Of a client behind trusted proxies the port is not known. */
function sourceOf(client: string, peer: Peer): Endpoint | undefined {
  if (isIP(client) === 0) return undefined
  return { address: client, port: client === peer.address ? (peer.port ?? 0) : 0 }
}

/** @returns undefined on a unix socket */
function endpoint(address: string | undefined, port: number | undefined): Endpoint | undefined {
  const canonical = canonicalAddress(address ?? '')
  return canonical === undefined || port === undefined ? undefined : { address: canonical, port }
}

function tlsOf({ tls, certificate }: Peer): ClientTlsFacts | undefined {
  if (tls === undefined) return undefined
  const { version, alpn, isResumed } = tls
  return {
    version,
    alpn,
    certificate: certificate && {
      commonName: commonNameIn(certificate.subject),
      isFresh: !isResumed,
    },
  }
}

/** @returns undefined where there is none, or more than one: either could be meant */
function commonNameIn(subject: string): string | undefined {
  const names = parseName(subject, false)?.filter(({ type }) => type === 'CN') ?? []
  return names.length === 1 ? names[0]!.value.join('') : undefined
}
