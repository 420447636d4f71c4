import { expect, test } from 'vitest'
import { knownKeys, nearestKey } from '../../../src/config/known-keys.ts'
import { schemaJson } from '../../../src/config/schema-json.ts'

test.each([
  [['monitor'], ['bind']],
  [['identity'], ['headers']],
  [
    ['listeners', 'any', 'tls', 'certificates', 3],
    ['cert', 'key'],
  ],
  [
    ['limits', 'message'],
    ['max', 'over', 'fromClient', 'fromUpstream'],
  ],
  [['monitor', 'bind'], []],
  [['constructor'], []],
])('at %j there may be %j', (path, keys) => {
  expect(knownKeys(schemaJson(), path)).toEqual(keys)
})

const known = ['listeners', 'upstreams', 'routes', 'limits', 'timeouts', 'log']

test.each([
  ['listener', 'listeners'],
  ['Routes', 'routes'],
  ['route', 'routes'],
  ['timeout', 'timeouts'],
  ['limts', 'limits'],
  ['dog', 'log'],
  ['xyz', undefined],
  ['up', undefined],
])('%s is meant to be %s', (written, nearest) => {
  expect(nearestKey(written, known)).toBe(nearest)
})
