import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkRouteAuth } from '../../../src/config/route-auth.ts'
import { isSentUnasked } from '../../../src/config/unasked.ts'
import { edge, load, routes } from './config-text.ts'

const secret = 'secret: 0123456789abcdef0123456789abcdef'

/**
 * The check of the values as read and that of the settled ones must agree: else one of them is
 * silent.
 */
test.each([
  [`jwt: { ${secret} }`, false],
  [`jwt: { ${secret}, from: ["query:a", subprotocol] }`, false],
  [`jwt: { ${secret}, from: "cookie:a" }`, true],
  ['forward: { url: http://x }', true],
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
