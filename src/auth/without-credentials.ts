import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import { listElements } from '../websocket/token-list.ts'
import { withoutCookies } from '../request/cookie.ts'
import { splitProtocols } from './places.ts'
import type { Place } from './places.ts'
import { withoutKeys } from '../request/query.ts'

/** A request that may go on: nothing in it is a credential. */
export interface CleanRequest {
  readonly request: EdgeRequest
  /** The subprotocols that may be offered upstream, and answered to the client. */
  readonly protocols: readonly string[]
}

/**
 * Takes out whatever stands where one of a route's authenticators looks for a credential, right or
 * wrong, whether that one lets pass or another: neither an upstream nor a log gets to see it.
 * @throws {GatewayError} `subprotocol-unsupported` where the client offers credentials only:
 * browsers insist on one of their offers in the answer, and a secret is none
 */
export function withoutCredentials(
  request: EdgeRequest,
  protocols: readonly string[],
  places: readonly Place[],
): CleanRequest {
  const secret = secretNames(places)
  const offered = secret.subprotocol ? splitProtocols(protocols).protocols : protocols
  if (offered.length === 0 && protocols.length > 0) {
    throw new GatewayError('subprotocol-unsupported', 'all that is offered is a credential')
  }
  const query = withoutKeys(request.query, secret.query)
  const raw = cleanLines(request, secret)
  const headers = raw === request.headers.raw ? request.headers : request.headers.replaced(raw)
  const target = query === request.query ? request.target : request.path + query
  return { request: { ...request, target, query, headers }, protocols: offered }
}

interface SecretNames {
  readonly header: ReadonlySet<string>
  readonly cookie: ReadonlySet<string>
  readonly query: ReadonlySet<string>
  readonly subprotocol: boolean
}

function secretNames(places: readonly Place[]): SecretNames {
  const names = { header: new Set<string>(), cookie: new Set<string>(), query: new Set<string>() }
  let subprotocol = false
  for (const place of places) {
    if (place.kind === 'subprotocol') subprotocol = true
    else names[place.kind].add(place.name)
  }
  return { ...names, subprotocol }
}

function cleanLines({ headers }: EdgeRequest, secret: SecretNames): readonly string[] {
  const { raw } = headers
  const lines: string[] = []
  let changed = false
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const value = raw[at + 1]!
    const clean = cleanValue(raw[at]!.toLowerCase(), value, secret)
    if (clean !== undefined) lines.push(raw[at]!, clean)
    changed ||= clean !== value
  }
  if (!changed) return raw
  // The list may have stood on several lines, with the word on one and its token on the next.
  if (secret.subprotocol) {
    const offers = listElements(headers.all(offersName))
    const { protocols } = splitProtocols(offers)
    if (protocols.length > 0) lines.push('Sec-WebSocket-Protocol', protocols.join(', '))
  }
  return lines
}

const offersName = 'sec-websocket-protocol'

/** @returns undefined where the line goes */
function cleanValue(name: string, value: string, secret: SecretNames): string | undefined {
  if (secret.header.has(name)) return undefined
  if (name === 'cookie') return withoutCookies(value, secret.cookie)
  if (name === 'referer') return cleanReferer(value, secret.query)
  return name === offersName && secret.subprotocol ? undefined : value
}

/** A page whose address holds a credential tells it with every request it makes. */
function cleanReferer(url: string, keys: ReadonlySet<string>): string {
  const question = url.indexOf('?')
  if (question === -1) return url
  const end = url.indexOf('#', question)
  const query = url.slice(question, end === -1 ? undefined : end)
  return url.slice(0, question) + withoutKeys(query, keys) + (end === -1 ? '' : url.slice(end))
}
