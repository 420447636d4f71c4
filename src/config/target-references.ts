import { isPathPattern } from './path-pattern.ts'
import type { KeyPath, Problem } from './problem.ts'
import { words } from './scalars.ts'
import { parseTargetPlace } from './target-place.ts'
import { lookups } from './targets.ts'
import { at, listAt, namesAt, textAt, textsAt } from './tree.ts'

type IsBroken = (path: KeyPath) => boolean

/**
 * Checks what the keys of a bridge to targets say of each other and of their route. Like
 * references.ts it looks at the values as they were read.
 */
export function checkTargets(value: unknown, isBroken: IsBroken = () => false): Problem[] {
  return listAt(value, 'routes').flatMap((_, index) => {
    const route = ['routes', index]
    const path = [...route, 'bridge', 'targets']
    if (!isMapping(at(value, ...path))) return []
    return [
      ...checkPlace(value, route, path),
      ...checkLookup(value, path, isBroken),
      ...checkRedis(value, [...path, 'lookup', 'redis']),
    ]
  })
}

function checkPlace(value: unknown, route: KeyPath, targets: KeyPath): Problem[] {
  const path = [...targets, 'from']
  const place = parseTargetPlace(textAt(value, ...path) ?? '')
  if (place === undefined) return []
  const isIdentity = place.kind === 'subject' || place.kind === 'claim'
  const lookup = at(value, ...targets, 'lookup')
  if (lookup === 'claims' && place.kind !== 'claim')
    return [{ path, expected: 'identity:claims.NAME, where the lookup is claims' }]
  if (lookup === 'direct' && isIdentity)
    return [{ path, expected: 'what the client says itself, where the lookup is direct' }]
  if (place.kind === 'claim' && place.path === undefined && lookup !== 'claims')
    return [{ path, expected: 'one claim, identity:claims.NAME, where the lookup is not claims' }]
  const auth = textsAt(value, ...route, 'auth')
  if (isIdentity && auth.length === 0)
    return [{ path, found: 'an identity on a route without auth', expected: 'auth on the route' }]
  const patterns = textsAt(value, ...route, 'match', 'path').filter(({ text }) =>
    isPathPattern(text),
  )
  // What an exact pattern takes is always the same.
  const exact = patterns.find(({ text }) => !text.endsWith('/*'))
  if (place.kind !== 'path' || exact === undefined) return []
  return [{ path: exact.path, expected: '/prefix/*, where targets are taken from the path' }]
}

function checkLookup(value: unknown, targets: KeyPath, isBroken: IsBroken): Problem[] {
  const path = [...targets, 'lookup']
  const lookup = at(value, ...path)
  if (lookup === 'direct' && at(value, ...targets, 'allow') === undefined)
    return [{ path, found: 'direct without allow', expected: 'allow beside it' }]
  if (!isMapping(lookup)) return []
  const expected = `exactly one of ${words(lookups)}`
  const given = namesAt(lookup).filter((key) => lookups.some((kind) => kind === key))
  if (given.length > 0) {
    return given.slice(1).map((key) => ({
      path: [...path, key],
      found: `a second lookup beside ${given[0]}`,
      expected,
    }))
  }
  const isMisspelt = lookups.some((kind) => isBroken([...path, kind]))
  return isMisspelt ? [] : [{ path, found: 'no lookup', expected }]
}

/** The keys that a URL says itself. */
const inUrl = ['host', 'port', 'db', 'password']

function checkRedis(value: unknown, path: KeyPath): Problem[] {
  const redis = at(value, ...path)
  if (!isMapping(redis)) return []
  const given = namesAt(redis)
  if (given.includes('url')) {
    return given
      .filter((key) => inUrl.includes(key))
      .map((key) => ({ path: [...path, key], found: 'it beside url', expected: 'it in the url' }))
  }
  return given.includes('host') ? [] : [{ path, found: 'no server', expected: 'url or host' }]
}

function isMapping(value: unknown): value is object {
  return value instanceof Object && !Array.isArray(value)
}
