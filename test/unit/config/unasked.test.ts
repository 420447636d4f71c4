import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkRouteAuth } from '../../../src/config/route-auth.ts'
import { isSentUnasked } from '../../../src/config/unasked.ts'
import { edge, load, routes } from './config-text.ts'

const secret = 'secret: 0123456789abcdef0123456789abcdef'

/** By default its server is sent cookies, which need not be the login: no other page may have them all the same. */
test('a forward that names no headers lets clients without an Origin in, and no page of any origin', async () => {
  const forward = 'forward: { url: http://x }'
  const { config } = await load(`${edge}${routes}authenticators: { a: { ${forward} } }\n`)
  expect(isSentUnasked(config.authenticators['a']!)).toBe(false)
  const told = checkRouteAuth({
    authenticators: parse(`{ a: { ${forward} } }`) as unknown,
    routes: [{ auth: ['a'], origins: '*' }],
  })
  expect(told.some(({ path }) => path.includes('origins'))).toBe(true)
})

/**
 * The check of the values as read and that of the settled ones must agree: else one of them is
 * silent.
 */
test.each([
  [`jwt: { ${secret} }`, false],
  [`jwt: { ${secret}, from: ["query:a", subprotocol] }`, false],
  [`jwt: { ${secret}, from: "cookie:a" }`, true],
  ['forward: { url: http://x, send: [COOKIE] }', true],
  ['forward: { url: http://x, send: [] }', false],
  ['ticket: {}', false],
])('%s: %s', async (authenticator, unasked) => {
  const { config } = await load(`${edge}${routes}authenticators: { a: { ${authenticator} } }\n`)
  expect(isSentUnasked(config.authenticators['a']!)).toBe(unasked)
  const written: unknown = parse(`{ a: { ${authenticator} }, b: {} }`)
  const told = checkRouteAuth({
    authenticators: written,
    routes: [{ auth: ['b', 'a'], origins: '*' }],
  })
  expect(told.some(({ path }) => path.includes('origins'))).toBe(unasked)
})
