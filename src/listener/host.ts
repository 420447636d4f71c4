import { isIPv6 } from 'node:net'
import { canonicalIPv6 } from '../config/address.ts'

/** A host and its port, as Host and an absolute-form target name it. */
export interface Authority {
  /** Lower case, without a trailing dot; IPv6 canonical and in brackets. */
  readonly host: string
  readonly port: number | undefined
}

const authorityForm = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([1-9]\d{0,4}))?$/i
const nameForm = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*$/

/** A server has few names, and is asked by the same ones all day. */
const maxKnown = 256
const known = new Map<string, Authority>()

/**
 * @returns undefined where `text` is no host with or without a port of 1 to 65535; userinfo,
 * escapes and zones are refused
 */
export function parseAuthority(text: string): Authority | undefined {
  const found = known.get(text)
  if (found !== undefined) return found
  const authority = readAuthority(text)
  if (authority === undefined || text.length > 255) return authority
  if (known.size >= maxKnown) known.clear()
  known.set(text, authority)
  return authority
}

function readAuthority(text: string): Authority | undefined {
  const [, written, portText] = authorityForm.exec(text) ?? []
  if (written === undefined) return undefined
  const host = written.startsWith('[') ? ipv6Literal(written) : hostName(written)
  const port = portText === undefined ? undefined : Number(portText)
  if (host === undefined || (port ?? 1) > 65_535) return undefined
  return { host, port }
}

/**
 * A name or IPv4 address the way it is compared, for Host and SNI alike.
 * @returns undefined where it has an empty label or a character that no name has
 */
export function hostName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '')
  return nameForm.test(name) ? name : undefined
}

function ipv6Literal(written: string): string | undefined {
  const address = written.slice(1, -1)
  return isIPv6(address) ? `[${canonicalIPv6(address)}]` : undefined
}
