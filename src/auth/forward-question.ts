import { unixAddress } from '../peer.ts'
import { listElements } from '../websocket/token-list.ts'
import type { Attempt } from './authenticator.ts'

/** What a login server is asked, as header lines, name and value alternating. */
export interface ForwardQuestion {
  /** All of them. */
  readonly headers: readonly string[]
  /** Those that came from the client: its credentials are among them. */
  readonly sent: readonly string[]
}

/**
 * The operator has listed them because they are credentials: a client cannot take them back by
 * naming them in Connection.
 */
const neverNominated = new Set(['authorization', 'cookie', 'origin'])

/**
 * Of the client's headers only those that are listed, since the server decides by what it finds;
 * what it must be able to believe comes from the request as it was read and routed, and no client
 * can say it.
 * @param send lower-case names; none of a connection's, a body's or ours
 */
export function forwardQuestion(
  { request, onward }: Pick<Attempt, 'request' | 'onward'>,
  send: readonly string[],
): ForwardQuestion {
  const { headers, method, scheme, host, port, client } = request
  // Other methods' credentials in the query are not this server's to log.
  const { target } = onward
  const nominated = new Set(
    listElements(headers.all('connection')).map((name) => name.toLowerCase()),
  )
  const sent: string[] = []
  for (const name of send) {
    if (nominated.has(name) && !neverNominated.has(name)) continue
    const values = (name === 'referer' ? onward.headers : headers).all(name)
    // Several lines of cookies are one list (RFC 9113 section 8.2.3 has the same for HTTP/2).
    const lines = name === 'cookie' && values.length > 1 ? [values.join('; ')] : values
    for (const value of lines) sent.push(name, value)
  }
  const own: [name: string, value: string][] = [
    ['x-forwarded-method', method],
    ['x-forwarded-proto', scheme],
    ['x-forwarded-uri', target],
    ['x-forwarded-for', client === unixAddress ? 'unknown' : client],
    // Its answer may be passed on, as text.
    ['accept-encoding', 'identity'],
  ]
  if (host !== '') own.push(['x-forwarded-host', port === undefined ? host : `${host}:${port}`])
  return { headers: [...sent, ...own.flat()], sent }
}
