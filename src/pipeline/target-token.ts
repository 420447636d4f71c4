import { claimAt } from '../config/claim.ts'
import type { TargetPlace } from '../config/target-place.ts'
import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import { queryValues } from '../request/query.ts'
import { readsOneWay } from '../route/path.ts'
import { strippedPrefix } from '../route/path-pattern.ts'
import type { Identity } from '../auth/identity.ts'

export interface TokenSource {
  /** Without the credentials of its route. */
  readonly request: EdgeRequest
  /** The patterns of its route. */
  readonly paths: readonly string[]
  readonly identity: Identity | undefined
}

/**
 * What a request says of where it goes, for a lookup to make sense of. Claims that are no text are
 * JSON. Undefined where there is nothing, or more than one thing: which of them was meant nobody
 * knows.
 * @throws {GatewayError} `path-ambiguous` where it is to come from a path that can be read in more
 * than one way
 */
export function readToken(place: TargetPlace, source: TokenSource): string | undefined {
  const { request, identity } = source
  switch (place.kind) {
    case 'query':
      return onlyOne(queryValues(request.query, place.name))
    case 'header':
      return onlyOne(request.headers.all(place.name))
    case 'host':
      return request.host
    case 'path':
      return belowPrefix(source)
    case 'subject':
      return identity?.subject
    case 'claim':
      return asText(
        place.path === undefined ? identity?.claims : claimAt(identity?.claims, place.path),
      )
  }
}

function onlyOne(values: readonly string[]): string | undefined {
  return values.length === 1 ? values[0] : undefined
}

function belowPrefix({ request: { path }, paths }: TokenSource): string {
  if (!readsOneWay(path)) {
    throw new GatewayError('path-ambiguous', 'a target is taken from plain paths only')
  }
  return path.slice(strippedPrefix(paths, path).length + 1)
}

function asText(claim: unknown): string | undefined {
  if (claim === undefined || claim === null) return undefined
  return typeof claim === 'string' ? claim : JSON.stringify(claim)
}
