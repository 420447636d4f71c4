import { parseUnixPath } from './bind-address.ts'
import { parseHost, parsePort } from './host-name.ts'

/** One server of an upstream. `ws` is `http`, `wss` is `https`. */
export interface Server {
  /** As the configuration writes it: for logs. */
  readonly url: string
  readonly kind: 'http' | 'https' | 'tcp' | 'tls' | 'unix' | 'srv'
  /** Without brackets; empty for a unix socket. The name of a SRV record, until that is known. */
  readonly host: string
  /** 0 for a unix socket, and for a SRV record that is not known yet. */
  readonly port: number
  /** Of a unix socket; empty otherwise. */
  readonly path: string
}

interface Scheme {
  readonly kind: Server['kind']
  /** The port where the URL has none; undefined where it needs one. */
  readonly port: number | undefined
}

const schemes: ReadonlyMap<string, Scheme> = new Map<string, Scheme>(
  Object.entries({
    http: { kind: 'http', port: 80 },
    ws: { kind: 'http', port: 80 },
    https: { kind: 'https', port: 443 },
    wss: { kind: 'https', port: 443 },
    tcp: { kind: 'tcp', port: undefined },
    tls: { kind: 'tls', port: undefined },
  }),
)

/**
 * Reads `http://host:port`, the like with https, ws, wss, tcp and tls (which need a port),
 * `srv://name` (which has none), or `unix:/path`. WHATWG's URL parser is not asked: it repairs what is better refused.
 * @returns undefined where it is none of these: userinfo, a query, or a path other than `/` too
 */
export function parseServer(text: string): Server | undefined {
  if (text.startsWith('unix:')) {
    const path = parseUnixPath(text)
    return path === undefined ? undefined : { url: text, kind: 'unix', host: '', port: 0, path }
  }
  const [, scheme = '', host = '', digits] =
    /^([a-z]+):\/\/(\[[^\]/?#@]*\]|[^:/?#@[\]]+)(?::(\d+))?\/?$/i.exec(text) ?? []
  if (scheme.toLowerCase() === 'srv') return parseService(text, host, digits)
  const known = schemes.get(scheme.toLowerCase())
  if (known === undefined) return undefined
  // A trailing dot is how a name is kept out of the resolver's search list.
  const dot = /[^.]\.$/.test(host) ? '.' : ''
  const name = parseHost(dot === '' ? host : host.slice(0, -1))
  const port = digits === undefined ? known.port : parsePort(digits, 1)
  if (name === undefined || port === undefined) return undefined
  return { url: text, kind: known.kind, host: name.replace(/^\[|\]$/g, '') + dot, port, path: '' }
}

/** A SRV record, which names hosts and ports itself (RFC 2782). */
function parseService(url: string, host: string, digits: string | undefined): Server | undefined {
  const name = parseHost(host.replace(/(.)\.$/, '$1'))
  if (name === undefined || digits !== undefined || !/^_[^.]+\._[^.]+\../.test(name))
    return undefined
  return { url, kind: 'srv', host: name, port: 0, path: '' }
}
