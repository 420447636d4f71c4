import { parsePort } from '../../config/host-name.ts'

/** Where a session goes, as a lookup or a client names it: nobody has looked at the host yet. */
export type Target =
  /** `host` has no brackets. */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

const unixPrefix = 'unix_socket:'

/**
 * Reads `host:port`, `[v6]:port` or `unix_socket:/path`. The last colon ends the host, so that an
 * IPv6 address may do without its brackets, as websockify's files have it.
 * @returns undefined where it is none of these
 */
export function parseTarget(text: string): Target | undefined {
  if (text.startsWith(unixPrefix)) {
    const path = text.slice(unixPrefix.length)
    return path.startsWith('/') && !path.includes('\0') ? { kind: 'unix', path } : undefined
  }
  const [, bracketed, bare = '', digits = ''] =
    /^(?:\[([^\]]+)\]|([^[\]]+)):(\d+)$/.exec(text) ?? []
  const host = bracketed ?? bare
  const port = parsePort(digits, 1)
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (host === '' || port === undefined || /[\0-\x20\x7f]/.test(host)) return undefined
  return { kind: 'tcp', host, port }
}

/**
 * Reads what a lookup has stored: a text as `parseTarget` takes it, or JSON, `{"host": …, "port":
 * …}` or `{"host": "host:port"}`.
 * @returns undefined where it is none of these
 */
export function readTarget(value: unknown): Target | undefined {
  if (typeof value === 'string') {
    const text = value.trim()
    return text.startsWith('{') ? readTarget(parseJson(text)) : parseTarget(text)
  }
  if (typeof value !== 'object' || value === null || !('host' in value)) return undefined
  const { host } = value
  if (typeof host !== 'string') return undefined
  if (!('port' in value)) return parseTarget(host)
  const { port } = value
  if (typeof port !== 'string' && typeof port !== 'number') return undefined
  return parseTarget(`${host}:${port}`)
}

/** For logs and messages. */
export function formatTarget(target: Target): string {
  if (target.kind === 'unix') return `unix:${target.path}`
  const host = target.host.includes(':') ? `[${target.host}]` : target.host
  return `${host}:${target.port}`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Its messages quote the text. That it is no target says enough.
    return undefined
  }
}
