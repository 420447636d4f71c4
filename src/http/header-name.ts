import { foldHeaderName } from '../config/identity-header.ts'
import { isForwarding } from './forwarding-names.ts'

/** What the name of a header line alone decides. */
export interface HeaderName {
  readonly lower: string
  /** As `foldHeaderName` gives it. */
  readonly folded: string
  /** Of one connection, not of the message (RFC 9110 section 7.6.1), or answered by the gateway. */
  readonly hopByHop: boolean
  /** As it is folded: `Proxy` or one of its family, which CGI backends take for HTTP_PROXY (httpoxy). */
  readonly proxy: boolean
  /** Says whose request it is, whoever sent it. */
  readonly forwarding: boolean
  /** The same where a trusted proxy sent it. */
  readonly trustedForwarding: boolean
}

const hopByHop = new Set([
  'connection',
  'expect',
  'http2-settings',
  'keep-alive',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/**
 * Names whose traits are remembered: clients use few, and the same ones. One who sends others all
 * the time costs what every line would cost without this.
 */
const maxNames = 512
const longest = 64
const known = new Map<string, HeaderName>()

/** @param name in the peer's case */
export function headerName(name: string): HeaderName {
  const found = known.get(name)
  if (found !== undefined) return found
  const traits = traitsOf(name)
  if (name.length > longest) return traits
  if (known.size >= maxNames) known.clear()
  known.set(name, traits)
  return traits
}

function traitsOf(name: string): HeaderName {
  const lower = name.toLowerCase()
  const folded = foldHeaderName(lower)
  return {
    lower,
    folded,
    hopByHop: hopByHop.has(lower),
    proxy: folded === 'proxy' || folded.startsWith('proxy-'),
    forwarding: isForwarding(folded, false),
    trustedForwarding: isForwarding(folded, true),
  }
}
