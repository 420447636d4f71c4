import { parseDuration } from './duration.ts'
import { checks } from './health.ts'
import type { KeyPath, Problem } from './problem.ts'
import { words } from './scalars.ts'
import { parseServer } from './server-url.ts'
import { at, listAt, namesAt, textAt } from './tree.ts'

/**
 * Checks what the keys of an upstream's health say of each other and of its servers. Like
 * references.ts it looks at the values as they were read.
 */
export function checkHealth(value: unknown): Problem[] {
  return namesAt(value, 'upstreams').flatMap((name) => [
    ...checkKind(value, ['upstreams', name, 'health']),
    ...checkServers(value, name),
    ...checkEjection(value, ['upstreams', name, 'ejection']),
  ])
}

function checkKind(value: unknown, path: KeyPath): Problem[] {
  const health = at(value, ...path)
  if (!(health instanceof Object) || Array.isArray(health)) return []
  const given = namesAt(health).filter((key) => checks.some((check) => check === key))
  const expected = `exactly one of ${words(checks)}`
  const [first, ...others] = given
  if (first === undefined) return [{ path, found: 'no check', expected }]
  const problems: Problem[] = others.map((key) => {
    return { path: [...path, key], found: `a second check beside ${first}`, expected }
  })
  const strays: Record<(typeof checks)[number], readonly string[]> = {
    path: [],
    websocket: ['status', 'body'],
    tcp: ['status', 'body', 'host'],
  }
  for (const check of checks) {
    if (check !== first) continue
    for (const key of strays[check]) {
      if (!Object.hasOwn(health, key)) continue
      problems.push({ path: [...path, key], found: `it beside ${first}`, expected: 'none' })
    }
  }
  return problems
}

/** A raw server answers no HTTP. */
function checkServers(value: unknown, name: string): Problem[] {
  const path = ['upstreams', name, 'health']
  const check = checks.find((key) => key !== 'tcp' && at(value, ...path, key) !== undefined)
  if (check === undefined) return []
  const isRaw = listAt(value, 'upstreams', name, 'servers').some((server) => {
    const url = typeof server === 'string' ? server : textAt(server, 'url')
    const kind = parseServer(url ?? '')?.kind
    return kind === 'tcp' || kind === 'tls'
  })
  return isRaw ? [{ path: [...path, check], expected: 'tcp, where servers are tcp or tls' }] : []
}

function checkEjection(value: unknown, path: KeyPath): Problem[] {
  const time = parseDuration(textAt(value, ...path, 'time') ?? '10s')
  const max = parseDuration(textAt(value, ...path, 'max') ?? '5m')
  if (time === undefined || max === undefined || time <= max) return []
  return [{ path: [...path, 'time'], expected: 'at most `max`, which is 5m where it is left out' }]
}
