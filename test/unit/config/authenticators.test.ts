import { expect, test } from 'vitest'
import { complaints, edge, load, routes } from './config-text.ts'

const secret = 'secret: 0123456789abcdef0123456789abcdef'
const file = (authenticator: string): string =>
  `${edge}${routes}authenticators: { a: { ${authenticator} } }\n`

const place = 'expected header, query:NAME, cookie:NAME or subprotocol'
const secretForm = 'expected a secret of at least 32 bytes, best ${NAME} or ${file:path}'
const algorithm =
  'expected HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA or Ed25519'

/** One mistake in an authenticator, and what is told of it. */
test.each([
  ['jwt: { secret: hunter2 }', `jwt.secret: found a value (not shown), ${secretForm}`],
  ['jwt: { secret: 5 }', `jwt.secret: found a value (not shown), ${secretForm}`],
  ['jwt: { secret: "${SECRET}" }', `jwt.secret: found a value from \${SECRET}, ${secretForm}`],
  [
    `jwt: { ${secret}, algorithms: none }`,
    `jwt.algorithms: found none, ${algorithm}, or a list of these`,
  ],
  [`jwt: { ${secret}, algorithms: [HS256, none] }`, `jwt.algorithms[1]: found none, ${algorithm}`],
  [`jwt: { ${secret}, algorithms: [hs256] }`, `jwt.algorithms[0]: found hs256, ${algorithm}`],
  [
    `jwt: { ${secret}, algorithms: [] }`,
    'jwt.algorithms: found an empty list, expected at least one entry',
  ],
  [
    `jwt: { ${secret}, audience: [] }`,
    'jwt.audience: found an empty list, expected at least one entry',
  ],
  [`jwt: { ${secret}, from: [] }`, 'jwt.from: found an empty list, expected at least one entry'],
  [`jwt: { ${secret}, from: body }`, `jwt.from: found body, ${place}`],
  [`jwt: { ${secret}, from: [header, "cookie:"] }`, `jwt.from[1]: found "cookie:", ${place}`],
  [`jwt: { ${secret}, issuer: "" }`, 'jwt.issuer: found "", expected a text that is not empty'],
  [
    `jwt: { ${secret}, clockTolerance: 30 }`,
    'jwt.clockTolerance: found 30, expected a duration such as 500ms, 10s, 5m or 1h, at most 596h, or none',
  ],
  [`jwt: { ${secret}, scopes: "a b" }`, 'jwt.scopes: found "a b", expected a scope'],
  [
    `jwt: { ${secret}, require: { role: { a: b } } }`,
    'jwt.require.role: found a mapping, expected a text, a number, true or false',
  ],
  [`jwt: { ${secret}, isuer: x }`, 'jwt.isuer: found an unknown key, expected issuer'],
  ['basic: {}', 'basic.htpasswd: found nothing, expected a path'],
  ['basic: { htpasswd: "", realm: a }', 'basic.htpasswd: found "", expected a path'],
  [
    `apiKey: { keys: "", header: "x_key" }`,
    'apiKey.keys: found a value (not shown), expected a path',
    'apiKey.header: found "x_key", expected the name of a header of letters, digits and dashes',
  ],
  [
    'apiKey: { keys: "", query: "a&b" }',
    'apiKey.keys: found a value (not shown), expected a path',
    'apiKey.query: found "a&b", expected the name of a query parameter',
  ],
  [
    'forward: { url: ftp://x }',
    'forward.url: found ftp://x, expected an http or https URL without user and fragment',
  ],
  [
    'forward: { url: "http://me:hunter2@x" }',
    'forward.url: found "http://[redacted]@x", expected an http or https URL without user and fragment',
  ],
  [
    'forward: { url: http://x, send: [accept, host] }',
    'forward.send[1]: found host, expected the name of a header that says something of the client, not of its connection or body',
  ],
  [
    'forward: { url: http://x, copy: set-cookie }',
    'forward.copy: found set-cookie, expected the name of a header of letters, digits and dashes',
  ],
  [
    'ticket: { path: /tickets/* }',
    'ticket.path: found /tickets/*, expected a path such as /.drawbridge/ticket, in ASCII, without a trailing slash, escape, ?, ; or dot segment',
  ],
  [
    'ticket: { lifetime: none }',
    'ticket.lifetime: found none, expected a duration such as 500ms, 10s, 5m or 1h, above 0 and at most 596h',
  ],
  ['tiket: {}', 'tiket: found an unknown key, expected ticket'],
])('authenticators: { a: { %s } }', async (authenticator, ...told) => {
  expect(await complaints(file(authenticator))).toEqual(
    told.map((line) => `authenticators.a.${line}`),
  )
})

test('no secret is told, whatever is wrong with it', async () => {
  const texts = await Promise.all(
    [
      'secret: hunter2',
      'publicKey: hunter2',
      'secret: [hunter2]',
      'secret: { hunter2: 1 }',
      'secret: hunter2, secret: hunter2',
    ].map(async (key) => (await complaints(file(`jwt: { ${key} }`))).join()),
  )
  expect(
    texts.filter((text) => text.includes('hunter2') && !text.includes('secret.hunter2')),
  ).toEqual([])
})

test('the texts of claims, and values that are lists', async () => {
  const jwt = `${secret}, audience: a, scopes: [read, write], require: { verified: true, level: [1, 2], role: admin }`
  const { config } = await load(file(`jwt: { ${jwt}, algorithms: HS256 }`))
  expect(config.authenticators['a']).toMatchObject({
    audience: ['a'],
    scopes: ['read', 'write'],
    require: { verified: ['true'], level: ['1', '2'], role: ['admin'] },
    algorithms: ['HS256'],
  })
})
