import { parseHost, parsePort } from './host-name.ts'

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' }

/**
 * An origin as browsers serialize it (`scheme://host[:port]`, lower case, no default port, no slash
 * behind it), `scheme://*.example.com`, `*` or `null`. The strictness is the help:
 * `https://app.example.com/` would never match.
 */
export function isOriginPattern(text: string): boolean {
  if (text === '*' || text === 'null') return true
  const [, scheme, wildcard, host, port] =
    /^([a-z][a-z\d+.-]*):\/\/(\*\.)?(\[[^\]]*\]|[^:/?#@[\]]+)(?::(\d+))?$/.exec(text) ?? []
  if (scheme === undefined || host === undefined) return false
  // The origin of a page is never that of the WebSocket it opens.
  if (scheme === 'ws' || scheme === 'wss') return false
  if (parseHost(host) !== host) return false
  if (wildcard !== undefined && (host.startsWith('[') || !/[a-z_]/.test(host))) return false
  return port === undefined || (parsePort(port, 1) !== undefined && port !== defaultPorts[scheme])
}
