import type { EdgeRequest } from '../listener/edge-request.ts'
import { listElements } from '../websocket/token-list.ts'
import { addForwarding } from './forwarding-headers.ts'
import { headerName } from './header-name.ts'

export interface OutboundOptions {
  /** Folded names (`foldHeaderName`) that only the gateway may set. */
  readonly identityHeaders: ReadonlySet<string>
  /** For a WebSocket: the dial writes Connection, Upgrade and Sec-WebSocket-* itself. */
  readonly upgrade: boolean
}

/**
 * What a client must not be able to take out by naming it in Connection: somebody behind us decides
 * by it.
 */
const neverNominated = new Set(['host', 'content-length', 'origin', 'cookie', 'authorization'])

/**
 * The header lines of a request to an upstream, name and value alternating: what belongs to the
 * client's connection is taken out, what a client must not say is dropped, and what the gateway
 * says comes last. Host is the client's, where it sent one: which server's name may take its place
 * is known once a server has been chosen.
 */
export function outboundHeaders(request: EdgeRequest, options: OutboundOptions): string[] {
  const { raw } = request.headers
  const nominated = nominees(request.headers.all('connection'))
  const lines = request.host === '' ? [] : ['Host', authorityOf(request)]
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const traits = headerName(raw[at]!)
    const name = traits.lower
    // Backends that pass headers on as variables (CGI, WSGI) cannot tell `_` from `-`.
    if (name === 'host' || name.includes('_')) continue
    if (traits.hopByHop || traits.proxy) continue
    if (options.identityHeaders.has(traits.folded)) continue
    if (request.peerTrusted ? traits.trustedForwarding : traits.forwarding) continue
    if (name.startsWith('sec-websocket-')) {
      if (options.upgrade) continue
    } else if (nominated.has(name) && !neverNominated.has(name) && !traits.forwarding) {
      continue
    }
    if (name === 'content-length' && !request.hasBody) continue
    lines.push(raw[at]!, raw[at + 1]!)
  }
  if (!options.upgrade && acceptsTrailers(request.headers.all('te'))) lines.push('TE', 'trailers')
  addForwarding(lines, request)
  return lines
}

/**
 * The header lines of an upstream's answer as the client gets them; framing is the server's to
 * write.
 */
export function responseHeaders(raw: readonly string[]): string[] {
  const nominated = nominees(valuesOf(raw, 'connection'))
  const lines: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const traits = headerName(raw[at]!)
    if (traits.hopByHop || isProxy(traits.lower)) continue
    if (nominated.has(traits.lower) && traits.lower !== 'content-length') continue
    lines.push(raw[at]!, raw[at + 1]!)
  }
  return lines
}

/**
 * What must not come after a body: framing, routing, credentials, and what says how to read the
 * body (RFC 9110 section 6.5.1).
 */
const neverTrailers = new Set([
  'age',
  'authorization',
  'cache-control',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'date',
  'expires',
  'host',
  'location',
  'retry-after',
  'set-cookie',
  'vary',
  'warning',
  'www-authenticate',
])

/** The trailers of an upstream's answer that a client may get. */
export function answerTrailers(raw: readonly string[]): string[] {
  const lines: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const { lower, hopByHop } = headerName(raw[at]!)
    if (neverTrailers.has(lower) || hopByHop || isProxy(lower)) continue
    lines.push(raw[at]!, raw[at + 1]!)
  }
  return lines
}

function authorityOf({ host, port }: EdgeRequest): string {
  return port === undefined ? host : `${host}:${port}`
}

/** `Proxy` is no field at all, but CGI backends take it for the variable HTTP_PROXY (httpoxy). */
function isProxy(name: string): boolean {
  return name === 'proxy' || name.startsWith('proxy-')
}

const nobody: ReadonlySet<string> = new Set()

/** `keep-alive`, `Upgrade`: there are few of them, which come all the time. */
const maxKnown = 64
const longestKnown = 64
const known = new Map<string, ReadonlySet<string>>()

/** What is named in Connection. */
function nominees(connection: readonly string[]): ReadonlySet<string> {
  if (connection.length === 0) return nobody
  const text = connection.length === 1 ? connection[0]! : connection.join(',')
  const found = known.get(text)
  if (found !== undefined) return found
  const names = new Set(listElements(connection).map((name) => name.toLowerCase()))
  if (text.length > longestKnown) return names
  if (known.size >= maxKnown) known.clear()
  known.set(text, names)
  return names
}

/** `TE: trailers`, also beside codings or with a weight. */
function acceptsTrailers(lines: readonly string[]): boolean {
  return listElements(lines).some((element) => /^trailers(?:[ \t]*;|$)/i.test(element))
}

function valuesOf(raw: readonly string[], wanted: string): string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at]!
    if (name.length === wanted.length && name.toLowerCase() === wanted) values.push(raw[at + 1]!)
  }
  return values
}
