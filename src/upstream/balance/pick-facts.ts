import type { HashKey } from '../../config/balance.ts'
import { cookieValues } from '../../request/cookie.ts'
import { queryValues } from '../../request/query.ts'
import type { Caller } from '../caller.ts'

/** What of a request may decide which server it goes to, and whom that is told of. */
export interface PickFacts {
  /** For the PROXY header; left out where a server is connected to for nobody. */
  readonly caller?: Caller
  /** The client's address after trusted proxies, or `unix`. */
  readonly client: string
  readonly scheme: 'http' | 'https'
  /** With its `?`, or empty. */
  readonly query: string
  /** As the client sent them. */
  readonly headers: {
    /** Every value of a header, one entry a line. `name` is lower case. */
    all(name: string): readonly string[]
  }
}

/** What a request has as the key; undefined where it has none, or an empty one. */
export function readKey(key: HashKey, facts: PickFacts): string | undefined {
  switch (key.kind) {
    case 'client':
      return facts.client
    case 'header':
      return facts.headers.all(key.name).join(',') || undefined
    case 'cookie':
      return cookieValues(facts.headers.all('cookie'), key.name)[0] || undefined
    case 'query':
      return queryValues(facts.query, key.name)[0] || undefined
  }
}
