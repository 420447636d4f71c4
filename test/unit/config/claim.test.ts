import { expect, test } from 'vitest'
import { claimAt } from '../../../src/config/claim.ts'

const claims = {
  role: 'admin',
  realm: { roles: ['a'], 'x.y': { z: 1 } },
  'https://x.example/roles': ['b'],
  'a.b': 'dotted',
  a: { b: 'nested', c: 'c' },
  nothing: null,
}

test.each([
  ['role', 'admin'],
  ['realm.roles', ['a']],
  ['realm.x.y.z', 1],
  ['https://x.example/roles', ['b']],
  ['a.b', 'dotted'],
  ['a.c', 'c'],
  ['nothing', null],
  ['nothing.more', undefined],
  ['role.length', undefined],
  ['realm.roles.0', undefined],
  ['constructor', undefined],
  ['__proto__', undefined],
  ['realm.constructor.name', undefined],
  ['', undefined],
  ['.', undefined],
])('%s is %j', (path, value) => {
  expect(claimAt(claims, path)).toEqual(value)
})
