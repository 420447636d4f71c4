import { GatewayError } from '../errors.ts'
import { parseAuthority } from './host.ts'
import type { Authority } from './host.ts'

const absoluteForm = /^(https?):\/\/([^/?]*)(\/?)(.*)$/is

/**
 * The request target in origin-form, or `*` for OPTIONS. An absolute-form target never says where
 * to connect: it has to name the authority that Host names, and is forwarded without it.
 * @param host the request's Host; undefined where HTTP/1.0 sent none
 * @throws {GatewayError} `request-malformed`; `path-ambiguous` for a fragment, of which some
 *   backends would make the end of the path. What else is wrong with a path is the router's to say.
 */
export function originForm(target: string, method: string, host: Authority | undefined): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\0-\x20\x7f]/.test(target)) throw malformed('a control character or blank in the target')
  if (target.includes('#')) throw new GatewayError('path-ambiguous', 'a fragment in the target')
  if (target.startsWith('/')) return target
  if (target === '*') {
    if (method === 'OPTIONS') return target
    throw malformed(`${method} *`)
  }
  const [, scheme = '', authorityText = '', slash, rest = ''] = absoluteForm.exec(target) ?? []
  const authority = parseAuthority(authorityText)
  if (authority === undefined) throw malformed('the target is neither a path nor an http URL')
  if (host === undefined || !sameAuthority(authority, host, scheme.toLowerCase())) {
    throw malformed('the target names another authority than Host')
  }
  if (slash === '/') return `/${rest}`
  // An empty path means the server itself to OPTIONS (RFC 9112 section 3.2.4), the root to
  // everything else.
  return rest === '' && method === 'OPTIONS' ? '*' : `/${rest}`
}

function sameAuthority(one: Authority, other: Authority, scheme: string): boolean {
  const port = scheme === 'https' ? 443 : 80
  return one.host === other.host && (one.port ?? port) === (other.port ?? port)
}

function malformed(message: string): GatewayError {
  return new GatewayError('request-malformed', message)
}
