import { maxHeadBytes } from '../config/fixed-limits.ts'
import { GatewayError } from '../errors.ts'
import type { Peer } from '../peer.ts'
import { isToken, listElements, listsToken } from '../websocket/token-list.ts'
import type { TrustedProxies } from './forwarded.ts'
import { readFraming } from './framing.ts'
import { RawHeaderLines } from './header-lines.ts'
import type { HeaderLines } from './header-lines.ts'
import { parseAuthority } from './host.ts'
import type { Authority } from './host.ts'
import { originForm } from './request-target.ts'

export type { HeaderLines } from './header-lines.ts'

/**
 * One request as the gateway understands it: every decision is made on this, and this is what is
 * forwarded. Trust in forwarding headers was applied once, here.
 */
export interface EdgeRequest {
  /** Names the request in logs. */
  readonly id: string
  readonly method: string
  readonly httpVersion: '1.0' | '1.1'
  /**
   * Origin-form (or `*`), the client's own bytes as latin1 text: path and query. This is what is
   * forwarded.
   */
  readonly target: string
  /** The target without its query. */
  readonly path: string
  /** The query with its `?`, or the empty string. */
  readonly query: string
  /**
   * The Host: lower case, without port or trailing dot, IPv6 in brackets; empty where HTTP/1.0 sent
   * none.
   */
  readonly host: string
  /** The Host's port where it has one. */
  readonly port: number | undefined
  /** `https` where TLS ends here or a trusted proxy says so. */
  readonly scheme: 'http' | 'https'
  /**
   * Whether `scheme` is known: TLS ends here, or a trusted proxy named it. False on a plain
   * listener nobody vouches for.
   */
  readonly schemeKnown: boolean
  /** The client's address after trusted proxies: an IP address, or `unix`. */
  readonly client: string
  readonly peer: Peer
  /** The socket's peer is a trusted proxy, so that its forwarding headers count. */
  readonly peerTrusted: boolean
  readonly headers: HeaderLines
  /** Content-Length above 0 or a Transfer-Encoding. */
  readonly hasBody: boolean
  /** The declared Content-Length, undefined where there is none (or it is chunked). */
  readonly contentLength: number | undefined
  /**
   * The Upgrade list contains `websocket`: this is a WebSocket upgrade or an error, never a plain
   * request.
   */
  readonly websocket: boolean
  /** `Expect: 100-continue` was sent. */
  readonly expectsContinue: boolean
}

/** A request head as Node's parser hands it out: latin1 text throughout. */
export interface RequestHead {
  readonly method: string
  readonly target: string
  readonly httpVersion: string
  /** Name, value, name, value … */
  readonly rawHeaders: readonly string[]
}

const maxHeaderLines = 100

/**
 * Headers of which two would let two readers decide differently. Lists (Upgrade, Connection,
 * Sec-WebSocket-Protocol) may stand on several lines.
 */
const singletons = [
  'host',
  'authorization',
  'origin',
  'content-length',
  'transfer-encoding',
  'sec-websocket-key',
  'sec-websocket-version',
]

/**
 * Reads a request head once, strictly, into the view that every later decision is made on. Node's
 * parser has seen to the line syntax; everything that it leaves to the caller is decided here.
 * @throws {GatewayError} `request-malformed`, `path-ambiguous`, `head-too-big`, `method-refused`,
 *   `expectation-unsupported`
 */
export function readEdgeRequest(
  head: RequestHead,
  context: { readonly id: string; readonly peer: Peer; readonly trust: TrustedProxies },
): EdgeRequest {
  checkSize(head)
  const { httpVersion, method } = head
  if (httpVersion !== '1.0' && httpVersion !== '1.1') throw malformed('the HTTP version is not 1.x')
  if (!isToken(method)) throw malformed('the method is no token')
  if (method === 'CONNECT' || method === 'TRACE') {
    throw new GatewayError('method-refused', `the method is ${method}`)
  }
  checkLines(head.rawHeaders)
  const headers = new RawHeaderLines(head.rawHeaders)
  for (const name of singletons) {
    if (headers.isRepeated(name)) throw malformed(`more than one ${name}`)
  }
  const authority = readHost(headers, httpVersion)
  const target = originForm(head.target, method, authority)
  const question = target.indexOf('?')
  const { client, scheme, schemeKnown, peerTrusted } = context.trust.clientOf(context.peer, headers)
  const { hasBody, contentLength } = readFraming(headers, httpVersion)
  return {
    id: context.id,
    method,
    httpVersion,
    target,
    path: question === -1 ? target : target.slice(0, question),
    query: question === -1 ? '' : target.slice(question),
    host: authority?.host ?? '',
    port: authority?.port,
    scheme,
    schemeKnown,
    client,
    peer: context.peer,
    peerTrusted,
    headers,
    hasBody,
    contentLength,
    websocket: listsToken(headers.all('upgrade'), 'websocket'),
    expectsContinue: readExpect(headers.all('expect'), httpVersion),
  }
}

/** Counted as written on the wire, but for optional white space, which the parser has dropped. */
function checkSize({ method, target, rawHeaders }: RequestHead): void {
  if (rawHeaders.length > maxHeaderLines * 2) {
    throw new GatewayError('head-too-big', `more than ${maxHeaderLines} header lines`)
  }
  let bytes = method.length + target.length + '  HTTP/1.1\r\n\r\n'.length
  // A line is its name, its value, a colon and blank between them, and CR LF.
  for (const text of rawHeaders) bytes += text.length + 2
  if (bytes > maxHeadBytes) {
    throw new GatewayError('head-too-big', `a head of ${bytes} bytes or more`)
  }
}

function checkLines(raw: readonly string[]): void {
  for (let at = 0; at + 1 < raw.length; at += 2) {
    if (!isToken(raw[at]!)) throw malformed('a header name is no token')
    // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
    if (/[\0-\x08\x0a-\x1f\x7f]/.test(raw[at + 1]!)) {
      throw malformed('a header value has control characters')
    }
  }
}

function readHost(headers: HeaderLines, httpVersion: '1.0' | '1.1'): Authority | undefined {
  const host = headers.one('host')
  if (host === undefined) {
    if (httpVersion === '1.0') return undefined
    throw malformed('no Host')
  }
  const authority = parseAuthority(host)
  if (authority === undefined) throw malformed('the Host is no host')
  return authority
}

/**
 * @returns whether the client waits for a 100; HTTP/1.0 has none, and its Expect is to be ignored
 * (RFC 9110 section 10.1.1)
 */
function readExpect(lines: readonly string[], httpVersion: '1.0' | '1.1'): boolean {
  if (lines.length === 0) return false
  const expectations = listElements(lines).map((expectation) => expectation.toLowerCase())
  if (expectations.length === 0 || expectations.some((name) => name !== '100-continue')) {
    throw new GatewayError('expectation-unsupported', 'an Expect other than 100-continue')
  }
  return httpVersion === '1.1'
}

function malformed(message: string): GatewayError {
  return new GatewayError('request-malformed', message)
}
