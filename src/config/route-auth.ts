import type { KeyPath, Problem } from './problem.ts'
import { words } from './scalars.ts'
import { at, listAt, namesAt, textsAt } from './tree.ts'

/** Checks whom the routes let in against the authenticators, and these against the listeners. */
export function checkRouteAuth(value: unknown): Problem[] {
  return [
    ...checkListeners(value),
    ...listAt(value, 'routes').flatMap((_, index) => {
      const names = textsAt(value, 'routes', index, 'auth')
      return [
        ...checkNames(value, names),
        ...checkTickets(value, ['routes', index, 'auth'], names),
        ...checkOrigins(value, ['routes', index, 'origins'], names),
      ]
    }),
  ]
}

type Names = readonly { readonly text: string; readonly path: KeyPath }[]

/** Without a listener that asks for certificates nobody could ever show one. */
function checkListeners(value: unknown): Problem[] {
  const asks = namesAt(value, 'listeners').some(
    (name) => at(value, 'listeners', name, 'tls', 'clientCertificate') !== undefined,
  )
  if (asks) return []
  return namesAt(value, 'authenticators')
    .filter((name) => at(value, 'authenticators', name, 'certificate') !== undefined)
    .map((name) => ({
      path: ['authenticators', name, 'certificate'],
      found: 'it without a listener that asks for certificates',
      expected: 'tls.clientCertificate on a listener',
    }))
}

function checkNames(value: unknown, names: Names): Problem[] {
  const written = at(value, 'authenticators') ?? {}
  // What is no mapping has its own complaint.
  if (!(written instanceof Object) || Array.isArray(written)) return []
  const known = Object.keys(written)
  return names.flatMap(({ text, path }, index): Problem[] => {
    if (!known.includes(text)) {
      const expected =
        known.length === 0
          ? 'the name of one of the authenticators, of which there are none'
          : `the name of an authenticator: ${words(known)}`
      return [{ path, expected }]
    }
    const isRepeated = names.slice(0, index).some((before) => before.text === text)
    return isRepeated ? [{ path, found: 'the name a second time', expected: 'it once' }] : []
  })
}

/** A ticket is given to whom another authenticator of the route lets pass. */
function checkTickets(value: unknown, path: KeyPath, names: Names): Problem[] {
  const isTicket = ({ text }: { text: string }): boolean =>
    at(value, 'authenticators', text, 'ticket') !== undefined
  if (names.length === 0 || !names.every((name) => isTicket(name))) return []
  return [
    {
      path,
      found: 'a ticket alone',
      expected: 'another authenticator beside it, by which tickets are given out',
    },
  ]
}

/**
 * With any origin, any page could use the login of whoever looks at it (threat: cross-site
 * WebSocket hijacking).
 */
function checkOrigins(value: unknown, path: KeyPath, names: Names): Problem[] {
  // Any page can be of the origin `null`: a sandboxed frame is enough.
  const any = textsAt(value, ...path).find(({ text }) => text === '*' || text === 'null')
  const unasked = names.find(({ text }) => isSentUnasked(value, text))
  if (any === undefined || unasked === undefined) return []
  return [
    {
      path: any.path,
      why: `where ${unasked.text} takes what browsers send unasked (cookies, client certificates)`,
      expected: 'the origins of the pages that may connect',
    },
  ]
}

/** unasked.ts on values that nobody has checked. */
function isSentUnasked(value: unknown, name: string): boolean {
  const path = ['authenticators', name]
  if (at(value, ...path, 'certificate') !== undefined) return true
  if (at(value, ...path, 'forward') !== undefined) {
    const send = at(value, ...path, 'forward', 'send')
    return (
      send === undefined ||
      textsAt(value, ...path, 'forward', 'send').some(({ text }) => text.toLowerCase() === 'cookie')
    )
  }
  return ['jwt', 'basic', 'apiKey'].some((method) =>
    textsAt(value, ...path, method, 'from').some(({ text }) => text.startsWith('cookie:')),
  )
}
