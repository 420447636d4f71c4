import { RouteLimits } from './limits.ts'
import type { KeyPath } from './problem.ts'
import { actions } from './routes.ts'
import { RouteTimeouts } from './timeouts.ts'
import { at, listAt, namesAt } from './tree.ts'

/** A key that is written where it does nothing. */
export interface IdleKey {
  readonly path: KeyPath
  readonly text: string
}

/** Keys of a route that only its WebSockets are held to. */
const aboutWebSockets: readonly KeyPath[] = [
  ['origins'],
  ['requireOrigin'],
  ['refuse'],
  ['compression'],
  ...Object.keys(RouteLimits.shape).flatMap((key) => (key === 'body' ? [] : [['limits', key]])),
  ...Object.keys(RouteTimeouts.shape).flatMap((key) =>
    key === 'stall' ? [] : [['timeouts', key]],
  ),
]

/**
 * Finds what a route says and never does: who writes a limit believes that it holds. It looks at
 * the values as they were written, so that defaults do not count, of a configuration without
 * mistakes.
 */
export function findIdleKeys(value: unknown): IdleKey[] {
  return listAt(value, 'routes').flatMap((route, index) => {
    const told = new Map<string, IdleKey>()
    for (const [keys, where, why] of idleIn(route)) {
      if (where === undefined) continue
      for (const key of keys) {
        const written = at(route, ...key)
        if (written === undefined || told.has(key.join())) continue
        // What carries a login is taken out of requests in any case: that is an effect.
        const fault = key[0] === 'identity' ? 'is never set' : 'has no effect'
        const text = `${fault} ${where}: ${why}`
        told.set(key.join(), { path: ['routes', index, ...key], text })
      }
    }
    return [...told.values()]
  })
}

/** @returns keys, where they do nothing (undefined: they do something here), and why */
function idleIn(route: unknown): [readonly KeyPath[], string | undefined, string][] {
  const action = actions.find((key) => at(route, key) !== undefined)
  const websocket = at(route, 'match', 'websocket')
  const onAction = `on a route with ${action}`
  const leadsOn = action === 'proxy' || action === 'bridge'
  const withoutAuth = at(route, 'auth') === undefined ? 'on a route without auth' : undefined
  const withoutUpgrades = websocket === false ? 'where match.websocket is false' : undefined
  const withoutRequests = websocket === true ? 'where match.websocket is true' : undefined
  const headers = namesAt(route, 'identity', 'headers').map((name) => ['identity', 'headers', name])
  return [
    [aboutWebSockets, leadsOn ? withoutUpgrades : onAction, 'it is about WebSockets'],
    [[['compression']], action === 'bridge' ? onAction : undefined, 'a bridge never compresses'],
    [
      [['limits', 'body']],
      action === 'proxy' ? withoutRequests : onAction,
      'it is about plain requests that are proxied',
    ],
    [headers, action === 'proxy' ? undefined : onAction, 'it is about requests that are proxied'],
    [[['limits', 'sessionsPerIdentity'], ...headers], withoutAuth, 'nobody is known there'],
  ]
}
