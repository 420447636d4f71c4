import { hashSync } from 'bcrypt'
import { expect, test } from 'vitest'
import { decoyHash, PasswordChecks } from '../../../src/auth/password-checks.ts'

const hash = hashSync('secret', 4)
/** Takes long enough for everything that is started in one turn to stand in line. */
const slow = hashSync('secret', 9)

test('knows a right password from a wrong one', async () => {
  const checks = new PasswordChecks()
  expect(await checks.check('secret', hash, 'a')).toBe(true)
  expect(await checks.check('Secret', hash, 'a')).toBe(false)
  expect(await checks.check('', hash, 'a')).toBe(false)
})

test('makes them all, in turn', async () => {
  const checks = new PasswordChecks()
  const results = Array.from({ length: 10 }, (_, at) =>
    checks.check(at % 2 === 0 ? 'secret' : 'wrong', hash, 'a'),
  )
  expect(checks.waiting).toBe(8)
  expect(await Promise.all(results)).toEqual(results.map((_, at) => at % 2 === 0))
  expect(checks.waiting).toBe(0)
})

test('lets one client wait for so many only, and others still in', async () => {
  const checks = new PasswordChecks()
  const results = Array.from({ length: 10 }, () => checks.check('x', slow, 'a'))
  expect(() => checks.check('x', slow, 'a')).toThrow(
    expect.objectContaining({ token: 'client-limit' }),
  )
  results.push(checks.check('x', slow, 'b'))
  expect(await Promise.all(results)).toHaveLength(11)
  expect(await checks.check('secret', hash, 'a')).toBe(true)
})

test('lets so many wait only, whoever they are', async () => {
  const checks = new PasswordChecks()
  const results = Array.from({ length: 66 }, (_, at) => checks.check('x', hash, `client ${at}`))
  expect(() => checks.check('x', hash, 'another')).toThrow(
    expect.objectContaining({ token: 'auth-unavailable' }),
  )
  await Promise.all(results)
  expect(await checks.check('secret', hash, 'another')).toBe(true)
})

test('goes on after a hash that is none', async () => {
  const checks = new PasswordChecks()
  const results = Array.from({ length: 4 }, () => checks.check('x', 'no hash', 'a'))
  expect(await Promise.allSettled(results)).toHaveLength(4)
  expect(await checks.check('secret', hash, 'a')).toBe(true)
})

test.each([4, 9, 12])('has decoys of cost %i that no password fits', async (cost) => {
  const decoy = decoyHash(cost)
  expect(decoy).toMatch(/^\$2b\$\d\d\$[./A-Za-z0-9]{53}$/)
  expect(Number(decoy.slice(4, 6))).toBe(cost)
  expect(await new PasswordChecks().check('', decoy, 'a')).toBe(false)
})
