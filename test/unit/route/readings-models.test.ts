import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { RouteTable } from '../../../src/route/route-table.ts'
import { edgeRequest } from '../../support/edge-request.ts'
import { backends } from './backend-models.ts'
import { nastyPaths } from './nasty-paths.ts'

type Table = readonly (readonly [pattern: string, name: string])[]

const tables: Record<string, Table> = {
  'guarded beside open': [
    ['/public/*', 'public'],
    ['/private/*', 'private'],
    ['/*', 'app'],
  ],
  'refused above all': [
    ['/private/*', 'refusal'],
    ['/*', 'app'],
  ],
  'open under guarded': [
    ['/public/*', 'public'],
    ['/*', 'guarded'],
  ],
  'guarded by an exact pattern': [
    ['/private', 'guarded'],
    ['/*', 'app'],
  ],
  'a pattern in capitals': [
    ['/Private/*', 'guarded'],
    ['/*', 'app'],
  ],
  'no route for the rest': [
    ['/public/*', 'public'],
    ['/private/*', 'private'],
  ],
  'guarded inside open': [
    ['/public/private/*', 'private'],
    ['/public/*', 'public'],
    ['/*', 'app'],
  ],
}

const base = edgeRequest(['GET / HTTP/1.1', 'Host: a'])
const paths = nastyPaths(20_000, 11)

/**
 * What a backend serves, if it is asked in the words that it looks up: the route that was meant to
 * guard it.
 */
function served(table: Table, path: string, folds: boolean): string | undefined {
  const found = table.find(([written]) => {
    const pattern = folds ? written.toLowerCase() : written
    if (!pattern.endsWith('/*')) return path === pattern || path === `${pattern}/`
    return path === pattern.slice(0, -2) || path.startsWith(pattern.slice(0, -1))
  })
  return found?.[1]
}

test('there are models of 40 kinds of backend', () => {
  expect(backends.length).toBeGreaterThanOrEqual(40)
})

test.each(Object.entries(tables))('no backend reads a path past its guard: %s', (_, table) => {
  const routes = new RouteTable(
    table.map(([pattern, name]) => ({ name, match: { hosts: [], paths: [pattern] } })),
  )
  const leaks: string[] = []
  let passed = 0
  for (const path of paths) {
    let route: string
    try {
      route = routes.match({ ...base, target: path, path }).name
    } catch (error) {
      // Refused: nothing reaches a backend.
      expect(error).toBeInstanceOf(GatewayError)
      continue
    }
    passed += 1
    for (const [backend, resolve] of backends) {
      const seen = resolve(path)
      const folds = seen !== undefined && seen === seen.toLowerCase()
      const other = seen === undefined ? undefined : served(table, seen, folds)
      if (other !== undefined && other !== route) {
        leaks.push(`${path} passes as ${route}, ${backend} sees ${seen} (${other})`)
      }
    }
  }
  expect(leaks.slice(0, 10)).toEqual([])
  // Where everything is refused, nothing leaks and nothing works.
  expect(passed).toBeGreaterThan(20)
})
