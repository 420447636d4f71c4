import { expect, test } from 'vitest'
import { complaints, edge, load, routes } from './config-text.ts'

const file = (authenticator: string): string =>
  `${edge}${routes}authenticators: { a: { ${authenticator} } }\n`

const secret = 'secret: 0123456789abcdef0123456789abcdef'
const methods = 'exactly one of jwt, basic, apiKey, forward, certificate or ticket'
const sources = 'exactly one of secret, publicKey or jwks'
const jwksUrl = 'an https URL without user and fragment (http for this machine only), or a path'

test.each([
  ['', `: found no method, expected ${methods}`],
  [
    'ticket: {}, forward: { url: http://x }',
    `.forward: found a second method beside ticket, expected ${methods}`,
  ],
  ['jwt: {}', `.jwt: found no key to check with, expected ${sources}`],
  [
    `jwt: { ${secret}, jwks: https://id.example }`,
    `.jwt.jwks: found a second key beside secret, expected ${sources}`,
  ],
  [
    `jwt: { ${secret}, algorithms: [HS256, RS256] }`,
    '.jwt.algorithms[1]: found RS256, expected HS256, HS384 or HS512 beside secret',
  ],
  [
    'jwt: { jwks: https://id.example, algorithms: [ES256, HS256] }',
    '.jwt.algorithms[1]: found HS256, expected an algorithm of public keys beside publicKey or jwks',
  ],
  [
    'jwt: { jwks: http://id.example/keys }',
    `.jwt.jwks: found http://id.example/keys, expected ${jwksUrl}`,
  ],
  [
    'jwt: { jwks: http://127.0.0.1.example }',
    `.jwt.jwks: found http://127.0.0.1.example, expected ${jwksUrl}`,
  ],
  ['jwt: { jwks: ftp://id.example }', `.jwt.jwks: found ftp://id.example, expected ${jwksUrl}`],
  [
    'jwt: { jwks: "https://a:hunter2@id.example" }',
    `.jwt.jwks: found "https://[redacted]@id.example", expected ${jwksUrl}`,
  ],
  [
    'ticket: { path: /.drawbridge/Backchannel-Logout }',
    '.ticket.path: found /.drawbridge/Backchannel-Logout, expected a path that the gateway does not use itself',
  ],
])('authenticators: { a: { %s } }', async (authenticator, told) => {
  expect(await complaints(file(authenticator))).toEqual([`authenticators.a${told}`])
})

test.each([
  'jwt: { jwks: https://id.example/keys, algorithms: [RS256, EdDSA] }',
  'jwt: { jwks: "http://127.0.0.1:9000/keys" }',
  'jwt: { jwks: "http://[::1]:9000/keys" }',
  'jwt: { jwks: http://localhost/keys }',
  'ticket: { path: /tickets }',
])('is right: %s', async (authenticator) => {
  expect(Object.keys((await load(file(authenticator))).config.authenticators)).toEqual(['a'])
})

test('a misspelt method or key is one mistake', async () => {
  expect(await complaints(file('ticke: {}'))).toEqual([
    'authenticators.a.ticke: found an unknown key, expected ticket',
  ])
  expect(await complaints(file(`jwt: { secrte: 0123456789abcdef0123456789abcdef }`))).toEqual([
    'authenticators.a.jwt.secrte: found an unknown key, expected secret',
  ])
})
