import type { Attempt } from '../../../src/auth/authenticator.ts'
import { withoutCredentials } from '../../../src/auth/without-credentials.ts'
import type { CleanRequest } from '../../../src/auth/without-credentials.ts'
import type { Place } from '../../../src/auth/places.ts'
import { listElements } from '../../../src/websocket/token-list.ts'
import { edgeRequest } from '../../support/edge-request.ts'
import type { EdgeRequestOptions } from '../../support/edge-request.ts'

export interface Given extends EdgeRequestOptions {
  readonly target?: string
  /** Header lines, `Name: value`. */
  readonly lines?: readonly string[]
  readonly route?: string
  /** Offered in Sec-WebSocket-Protocol; none where `upgrade` is false. */
  readonly protocols?: readonly string[]
  readonly upgrade?: boolean
  readonly signal?: AbortSignal
}

/** One request that wants to be somebody: an upgrade unless said otherwise. */
export function attempt(given: Given = {}): Attempt {
  const { target = '/chat', protocols = [], upgrade = true, route = 'chat' } = given
  const lines = [`GET ${target} HTTP/1.1`, 'Host: app.example.com', ...(given.lines ?? [])]
  if (protocols.length > 0) lines.push(`Sec-WebSocket-Protocol: ${protocols.join(', ')}`)
  const request = edgeRequest(lines, given)
  const offered = listElements(request.headers.all('sec-websocket-protocol'))
  const signal = given.signal ?? new AbortController().signal
  const facts = { request, onward: request, protocols: offered, peer: request.peer, route }
  return { ...facts, upgrade, signal }
}

/** What to give an attempt that carries one credential in a place. */
export function placed(place: Place, credential: string, scheme = 'Bearer'): Given {
  switch (place.kind) {
    case 'header': {
      const start = place.name === 'authorization' ? `${scheme} ` : ''
      return { lines: [`${place.name}: ${start}${credential}`] }
    }
    case 'cookie':
      return { lines: [`Cookie: ${place.name}=${credential}`] }
    case 'query':
      return { target: `/chat?${place.name}=${encodeURIComponent(credential)}` }
    case 'subprotocol':
      return { protocols: ['bearer', credential, 'chat.v1'] }
  }
}

/** Everything of an attempt that an upstream could get to see. */
export function onward({ request, protocols }: Attempt, places: readonly Place[]): string {
  const clean: CleanRequest = withoutCredentials(request, protocols, places)
  const { target, path, query, headers } = clean.request
  return JSON.stringify([target, path, query, headers.raw, clean.protocols])
}
