import type { EdgeRequest } from '../listener/edge-request.ts'
import { unixAddress } from '../peer.ts'
import { isToken, trimBlanks } from '../websocket/token-list.ts'

/**
 * Adds what an upstream learns of the client to header lines. From a trusted proxy X-Forwarded-For is
 * kept and the proxy appended, and what it says of scheme and host is kept. `Forwarded` (RFC 7239)
 * always tells what we believe: the client, and the proxy it came through.
 */
export function addForwarding(lines: string[], request: EdgeRequest): void {
  const { headers, peerTrusted, scheme } = request
  const peer = nodeName(request.peer.address)
  const host = authority(request)
  const chain = peerTrusted ? kept(headers.all('x-forwarded-for')) : undefined
  const keptHost = peerTrusted ? kept(headers.all('x-forwarded-host')) : undefined
  const forwardedHost = keptHost ?? host
  lines.push('X-Forwarded-For', chain === undefined ? peer : `${chain}, ${peer}`)
  lines.push('X-Forwarded-Proto', scheme)
  if (forwardedHost !== '') lines.push('X-Forwarded-Host', forwardedHost)
  lines.push('X-Forwarded-Port', String(request.port ?? (scheme === 'https' ? 443 : 80)))
  const named = host === '' ? '' : `host=${quotable(host)};`
  const element = `for=${quotable(bracketed(nodeName(request.client)))};${named}proto=${scheme}`
  const through =
    request.client === request.peer.address ? '' : `, for=${quotable(bracketed(peer))}`
  lines.push('Forwarded', element + through)
}

/** Several lines as the one they mean; undefined where there is nothing in them. */
function kept(lines: readonly string[]): string | undefined {
  const text = trimBlanks(lines.join(', '))
  return text === '' ? undefined : text
}

/** A peer on a unix socket has no address, and RFC 7239 section 6.2 has a word for that. */
function nodeName(address: string): string {
  return address === unixAddress ? 'unknown' : address
}

function bracketed(node: string): string {
  return node.includes(':') ? `[${node}]` : node
}

/** A value of Forwarded; brackets and colons have to stand in quotes. */
function quotable(value: string): string {
  return isToken(value) ? value : `"${value}"`
}

function authority({ host, port }: EdgeRequest): string {
  return port === undefined ? host : `${host}:${port}`
}
