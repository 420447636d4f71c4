import { readEdgeRequest } from '../../src/listener/edge-request.ts'
import type { EdgeRequest, RequestHead } from '../../src/listener/edge-request.ts'
import { TrustedProxies } from '../../src/listener/forwarded.ts'
import type { Peer } from '../../src/peer.ts'

export interface EdgeRequestOptions {
  readonly peer?: Partial<Peer>
  readonly trustedProxies?: readonly string[]
}

/**
 * A head as Node's parser would hand it out, from its lines: `GET /path HTTP/1.1`, then `Name:
 * value`.
 */
export function requestHead(lines: readonly string[]): RequestHead {
  const [start = '', ...headers] = lines
  const [, method = '', target = '', httpVersion = ''] =
    /^(\S+) (.*) HTTP\/(\S+)$/s.exec(start) ?? []
  const rawHeaders = headers.flatMap((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon), line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')]
  })
  return { method, target, httpVersion, rawHeaders }
}

/** The real reading of a request from its lines. */
export function edgeRequest(
  lines: readonly string[],
  options: EdgeRequestOptions = {},
): EdgeRequest {
  const peer: Peer = {
    address: '203.0.113.7',
    port: 50_000,
    encrypted: false,
    servername: undefined,
    ...options.peer,
  }
  const trust = new TrustedProxies(options.trustedProxies ?? [])
  return readEdgeRequest(requestHead(lines), { id: 'test', peer, trust })
}

/** A plain GET with a Host and further header lines. */
export function get(target: string, lines: readonly string[] = [], options?: EdgeRequestOptions) {
  return edgeRequest([`GET ${target} HTTP/1.1`, 'Host: app.example.com', ...lines], options)
}

/** A whole WebSocket handshake; a line given here replaces the usual one of its name. */
export function upgrade(lines: readonly string[] = [], options?: EdgeRequestOptions): EdgeRequest {
  const usual = [
    'Host: app.example.com',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version: 13',
  ]
  const given = new Set(lines.map(nameOf))
  const kept = usual.filter((line) => !given.has(nameOf(line)))
  return edgeRequest(['GET /chat HTTP/1.1', ...kept, ...lines], options)
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf(':')).toLowerCase()
}
