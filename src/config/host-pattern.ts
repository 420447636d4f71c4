import { parseHost } from './host-name.ts'

/**
 * A host as routes match it: exact, or `*.example.com` for every name below it. No port: it is
 * ignored.
 * @returns it in lower case without its trailing dot; undefined where it is none
 */
export function parseHostPattern(text: string): string | undefined {
  if (!text.startsWith('*.')) return parseHost(withoutDot(text))
  const host = parseHost(withoutDot(text.slice(2)))
  // Addresses have nothing below them.
  return host === undefined || !/[a-z_]/.test(host) || host.startsWith('[')
    ? undefined
    : `*.${host}`
}

function withoutDot(text: string): string {
  return text.endsWith('.') ? text.slice(0, -1) : text
}
