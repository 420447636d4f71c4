import { expect, test } from 'vitest'
import { ownedHeaders } from '../../../src/config/settle-auth.ts'
import { Secret } from '../../../src/config/secret.ts'
import { edge, load, routes } from './config-text.ts'

const secret = 'secret: 0123456789abcdef0123456789abcdef'

async function settled(authenticator: string) {
  const { config } = await load(`${edge}${routes}authenticators: { a: { ${authenticator} } }\n`)
  return config.authenticators['a']
}

const copy = (...names: string[]) =>
  ({
    kind: 'forward',
    url: 'http://x',
    send: [],
    takesCookies: false,
    copy: names,
    timeout: 1,
    cache: 0,
  }) as const

const header = { kind: 'header', name: 'authorization' }

test('the defaults of a jwt, a forward and a ticket', async () => {
  expect(await settled(`jwt: { ${secret} }`)).toStrictEqual({
    kind: 'jwt',
    from: [header],
    passCredential: false,
    secret: new Secret('0123456789abcdef0123456789abcdef'),
    clockTolerance: 30_000,
    require: {},
    scopes: [],
    backchannelLogout: false,
  })
  expect(await settled('forward: { url: "http://127.0.0.1:9000/auth" }')).toStrictEqual({
    kind: 'forward',
    takesCookies: false,
    url: 'http://127.0.0.1:9000/auth',
    send: ['authorization', 'cookie'],
    copy: [],
    timeout: 5000,
    cache: 0,
  })
  expect(await settled('ticket: {}')).toStrictEqual({
    kind: 'ticket',
    path: '/.drawbridge/ticket',
    lifetime: 30_000,
    bindAddress: false,
    query: 'ticket',
  })
})

test('the secret is the one that was written', async () => {
  const jwt = await settled(`jwt: { ${secret} }`)
  expect(jwt?.kind === 'jwt' && jwt.secret?.reveal()).toBe('0123456789abcdef0123456789abcdef')
})

test('a place that is named twice is one', async () => {
  expect(
    await settled(`jwt: { ${secret}, from: [header, "cookie:a", header, "cookie:a", "cookie:b"] }`),
  ).toMatchObject({
    from: [header, { kind: 'cookie', name: 'a' }, { kind: 'cookie', name: 'b' }],
  })
})

test('headers are lower case, lists may be a value', async () => {
  expect(
    await settled('forward: { url: http://x, send: X-Tenant, copy: [X-User, Authorization] }'),
  ).toMatchObject({
    send: ['x-tenant'],
    copy: ['x-user', 'authorization'],
  })
})

test('only the gateway sets what carries an identity on any route, or is copied by a forward', () => {
  const names = ownedHeaders(
    [
      { headers: { 'x-user': 'subject' } },
      { headers: { 'x-user': 'name', 'x-role': 'claims.role' } },
    ],
    [copy('x-tenant', 'authorization'), copy('cookie', 'x-role')],
  )
  expect(names).toEqual(['x-user', 'x-role', 'x-tenant'])
})

test('a route adds to the identity headers, or changes them; the others stay', async () => {
  const { config } = await load(`${edge}
identity: { headers: { x-user: subject, x-role: claims.role } }
routes: [{ proxy: app, identity: { headers: { X-Role: name, x-mail: claims.email } } }, { proxy: app }]
`)
  expect(config.routes.map(({ identity }) => identity.headers)).toEqual([
    { 'x-user': 'subject', 'x-role': 'name', 'x-mail': 'claims.email' },
    { 'x-user': 'subject', 'x-role': 'claims.role' },
  ])
  expect(config.ownedHeaders).toEqual(['x-user', 'x-role', 'x-mail'])
})
