import { isIPv4, isIPv6 } from 'node:net'

/**
 * An http or https URL that the gateway itself asks; undefined where the text is none, or carries a
 * user or a fragment.
 */
export function parseEndpoint(text: string): URL | undefined {
  // The URL parser drops blanks and reads `http:/x` and `\` as if they were right.
  if (!/^https?:\/\/[^\s\\#]+$/i.test(text)) return undefined
  const url = URL.parse(text)
  return url === null || url.username !== '' || url.password !== '' ? undefined : url
}

/**
 * Whether what is sent there stays on this machine: the one case in which keys may come over clear
 * text.
 */
export function isLoopback({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  if (isIPv4(hostname)) return hostname.startsWith('127.')
  return isIPv6(hostname.slice(1, -1)) && hostname === '[::1]'
}

/** Whether a text that may be a URL or a path is the former. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z\d+.-]*:\/\//i.test(text)
}
