import { methods } from './authenticators.ts'
import { isLoopback, isUrl, parseEndpoint } from './endpoint.ts'
import { algorithms, hmacAlgorithms, logoutPath } from './jwt.ts'
import type { KeyPath, Problem } from './problem.ts'
import { words } from './scalars.ts'
import { at, namesAt, textAt, textsAt } from './tree.ts'

type IsBroken = (path: KeyPath) => boolean

/**
 * Checks what the keys of an authenticator say of each other. Like references.ts it looks at the
 * values as they were read.
 */
export function checkAuthenticators(value: unknown, isBroken: IsBroken = () => false): Problem[] {
  return namesAt(value, 'authenticators').flatMap((name) => {
    const path = ['authenticators', name]
    return [
      ...checkMethod(value, path, isBroken),
      ...checkKeySource(value, [...path, 'jwt'], isBroken),
      ...checkAlgorithms(value, [...path, 'jwt']),
      ...checkJwksUrl(value, [...path, 'jwt', 'jwks']),
      ...checkPatterns(value, [...path, 'certificate'], isBroken),
      ...checkTicketPath(value, [...path, 'ticket', 'path']),
    ]
  })
}

function isMapping(value: unknown): value is object {
  return value instanceof Object && !Array.isArray(value)
}

function checkMethod(value: unknown, path: KeyPath, isBroken: IsBroken): Problem[] {
  const authenticator = at(value, ...path)
  if (!isMapping(authenticator)) return []
  const expected = `exactly one of ${words(methods)}`
  const given = namesAt(authenticator).filter((key) => methods.some((method) => method === key))
  if (given.length > 0) {
    return given.slice(1).map((key) => ({
      path: [...path, key],
      found: `a second method beside ${given[0]}`,
      expected,
    }))
  }
  const isMisspelt = methods.some((method) => isBroken([...path, method]))
  return isMisspelt ? [] : [{ path, found: 'no method', expected }]
}

const sources = ['secret', 'publicKey', 'jwks'] as const

function checkKeySource(value: unknown, path: KeyPath, isBroken: IsBroken): Problem[] {
  const jwt = at(value, ...path)
  if (!isMapping(jwt)) return []
  const expected = `exactly one of ${words(sources)}`
  const given = sources.filter((key) => Object.hasOwn(jwt, key))
  if (given.length > 0) {
    return given.slice(1).map((key) => ({
      path: [...path, key],
      found: `a second key beside ${given[0]}`,
      expected,
    }))
  }
  return sources.some((key) => isBroken([...path, key]))
    ? []
    : [{ path, found: 'no key to check with', expected }]
}

/** A public key as the secret of an HMAC would let in everybody who has read it. */
function checkAlgorithms(value: unknown, path: KeyPath): Problem[] {
  const jwt = at(value, ...path)
  if (!isMapping(jwt)) return []
  const isSecret = Object.hasOwn(jwt, 'secret')
  const isPublic = Object.hasOwn(jwt, 'publicKey') || Object.hasOwn(jwt, 'jwks')
  if (isSecret === isPublic) return []
  return textsAt(value, ...path, 'algorithms').flatMap((algorithm): Problem[] => {
    // What is no algorithm at all has its own complaint.
    if (!algorithms.some((known) => known === algorithm.text)) return []
    const isHmac = hmacAlgorithms.some((hmac) => hmac === algorithm.text)
    if (isHmac === isSecret) return []
    const expected = isSecret
      ? `${words(hmacAlgorithms)} beside secret`
      : 'an algorithm of public keys beside publicKey or jwks'
    return [{ path: algorithm.path, expected }]
  })
}

/** Whoever can change the keys on their way can make any token. */
function checkJwksUrl(value: unknown, path: KeyPath): Problem[] {
  const written = textAt(value, ...path)
  if (written === undefined || !isUrl(written)) return []
  const url = parseEndpoint(written)
  if (url !== undefined && (url.protocol === 'https:' || isLoopback(url))) return []
  const expected = 'an https URL without user and fragment (http for this machine only), or a path'
  return [{ path, expected }]
}

function checkPatterns(value: unknown, path: KeyPath, isBroken: IsBroken): Problem[] {
  if (!isMapping(at(value, ...path))) return []
  const keys = ['subjects', 'sans']
  const hasAny = keys.some((key) => {
    const written = at(value, ...path, key)
    return (
      isBroken([...path, key]) ||
      (Array.isArray(written) ? written.length > 0 : written !== undefined)
    )
  })
  return hasAny ? [] : [{ path, found: 'no pattern', expected: `${words(keys)} with one at least` }]
}

function checkTicketPath(value: unknown, path: KeyPath): Problem[] {
  const isTaken = textAt(value, ...path)?.toLowerCase() === logoutPath
  return isTaken ? [{ path, expected: 'a path that the gateway does not use itself' }] : []
}
