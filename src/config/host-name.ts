import { isIPv4, isIPv6 } from 'node:net'

const nameForm = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/

/**
 * A host as configuration and URLs write it: a name, an IPv4 address, or an IPv6 address in
 * brackets.
 * @returns it in lower case, an IPv6 address canonical and still in brackets; undefined where it is
 * none of these
 */
export function parseHost(text: string): string | undefined {
  const host = text.toLowerCase()
  if (host.startsWith('[')) {
    const address = host.slice(1, -1)
    if (!host.endsWith(']') || !isIPv6(address)) return undefined
    // The URL parser knows the canonical text of an address, and no zones.
    return address.includes('%') ? host : new URL(`http://${host}`).hostname
  }
  if (isIPv4(host)) return host
  if (host.length > 253 || !nameForm.test(host)) return undefined
  // What ends in a number would be read as an IPv4 address in one of its odd spellings (127.1,
  // 0x7f.1).
  const last = host.slice(host.lastIndexOf('.') + 1)
  return /^(?:\d+|0x[\da-f]*)$/.test(last) ? undefined : host
}

/** @returns a port from `lowest` to 65535, undefined where `text` is none */
export function parsePort(text: string, lowest: 0 | 1): number | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) return undefined
  const port = Number(text)
  return port >= lowest && port <= 65_535 ? port : undefined
}
