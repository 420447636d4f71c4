import { type Network, parseNetwork } from './address.ts'
import { parseUnixPath } from './bind-address.ts'
import { parsePort } from './host-name.ts'
import { parseHostPattern } from './host-pattern.ts'

/** Both ends included. */
export interface PortRange {
  readonly first: number
  readonly last: number
}

/** One entry of a target policy: which addresses or names, and which of their ports. */
export type TargetRule =
  | { readonly kind: 'network'; readonly network: Network; readonly ports: readonly PortRange[] }
  /** A name as it is dialled, or `*.example.com`; in lower case. */
  | { readonly kind: 'name'; readonly name: string; readonly ports: readonly PortRange[] }
  /** A socket, or with a slash at its end every socket in a folder. */
  | { readonly kind: 'unix'; readonly path: string }

const anyPort: readonly PortRange[] = [{ first: 1, last: 65_535 }]

/**
 * Reads `10.0.0.0/8:22,5900-5999`, `db.internal:5432`, `*.internal`, `[2001:db8::]/32:22` and the
 * like, where no ports are all ports; or `unix:/path`, `unix:/folder/*`.
 * @returns undefined where it is none of these; an IPv6 address with ports needs its brackets
 */
export function parseTargetRule(text: string): TargetRule | undefined {
  if (text.startsWith('unix:')) return parseUnixRule(text)
  const { place, suffix = '', ports: written } = split(text)
  const ports = written === undefined ? anyPort : parsePorts(written)
  if (ports === undefined) return undefined
  const network = parseNetwork(place + suffix)
  if (network !== undefined) return { kind: 'network', network, ports }
  const name = suffix === '' && !text.startsWith('[') ? parseHostPattern(place) : undefined
  return name === undefined ? undefined : { kind: 'name', name, ports }
}

interface Parts {
  readonly place: string
  readonly suffix?: string | undefined
  readonly ports?: string | undefined
}

/** An address without brackets that has more than one colon is IPv6, and has no ports behind it. */
function split(text: string): Parts {
  const bracketed = /^\[(?<place>[^\]/]*)\](?<suffix>\/\d+)?(?::(?<ports>.*))?$/s.exec(text)?.groups
  if (bracketed !== undefined) return { place: '', ...bracketed }
  const [place = '', ports, ...more] = text.split(':')
  return more.length > 0 ? { place: text } : { place, ports }
}

function parsePorts(text: string): PortRange[] | undefined {
  const ranges: PortRange[] = []
  for (const part of text.split(',')) {
    const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(part.trim()) ?? []
    const [first, last] = [parsePort(from, 1), parsePort(to, 1)]
    if (first === undefined || last === undefined || last < first) return undefined
    ranges.push({ first, last })
  }
  return ranges
}

function parseUnixRule(text: string): TargetRule | undefined {
  const path = parseUnixPath(text)
  if (path === undefined || !path.startsWith('/') || !isPlainPath(path)) return undefined
  const folder = path.endsWith('/*') ? path.slice(0, -1) : path
  return folder.includes('*') ? undefined : { kind: 'unix', path: folder }
}

/** Two spellings of one path would be two paths to a rule. */
function isPlainPath(path: string): boolean {
  return !path.split('/').some((part, at) => part === '.' || part === '..' || (at > 0 && !part))
}
