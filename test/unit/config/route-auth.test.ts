import { expect, test } from 'vitest'
import { complaints, edge, load } from './config-text.ts'

const secret = 'secret: 0123456789abcdef0123456789abcdef'
const authenticators = `authenticators:
  staff: { jwt: { ${secret} } }
  pages: { jwt: { ${secret}, from: [header, "cookie:session"] } }
  login: { forward: { url: http://x } }
  bearer: { forward: { url: http://x, send: [Authorization] } }
  cookie: { forward: { url: http://x, send: [X-Tenant, Cookie] } }
  ticket: { ticket: {} }
  tickets: { ticket: { path: /tickets } }
`
const file = (route: string): string =>
  `${edge}${authenticators}routes: [{ proxy: app, ${route} }]\n`

const names = 'the name of an authenticator: staff, pages, login, bearer, cookie, ticket or tickets'
const another = 'another authenticator beside it, by which tickets are given out'

test.each([
  ['auth: stuff', `auth: found stuff, expected ${names}`],
  ['auth: [staff, stuff]', `auth[1]: found stuff, expected ${names}`],
  ['auth: [staff, staff]', 'auth[1]: found the name a second time, expected it once'],
  ['auth: constructor', `auth: found constructor, expected ${names}`],
  ['auth: 5', 'auth: found 5, expected the name of an authenticator or a list of names'],
  ['auth: ticket', `auth: found a ticket alone, expected ${another}`],
  ['auth: [ticket, tickets]', `auth: found a ticket alone, expected ${another}`],
])('a route with %s', async (route, told) => {
  expect(await complaints(file(route))).toEqual([`routes[0].${told}`])
})

test('where there are no authenticators at all, that is told', async () => {
  expect(await complaints(`${edge}routes: [{ proxy: app, auth: staff }]\n`)).toEqual([
    'routes[0].auth: found staff, expected the name of one of the authenticators, of which there are none',
  ])
})

test.each(['pages', 'login', 'cookie'])(
  'any origin with what browsers send unasked: %s',
  async (name) => {
    const why = `where ${name} takes what browsers send unasked (cookies, client certificates)`
    const expected = 'expected the origins of the pages that may connect'
    expect(await complaints(file(`auth: [staff, ${name}], origins: "*"`))).toEqual([
      `routes[0].origins: found "*", ${why}, ${expected}`,
    ])
    expect(
      await complaints(
        file(`auth: ${name}, origins: [https://a.example, "*"], requireOrigin: true`),
      ),
    ).toEqual([`routes[0].origins[1]: found "*", ${why}, ${expected}`])
  },
)

test.each([
  ['auth: [staff, bearer, ticket], origins: "*"', false],
  ['auth: [staff, pages]', true],
  ['auth: login, origins: https://a.example', false],
  ['auth: bearer', false],
  ['auth: cookie', true],
  ['auth: [pages], requireOrigin: false', false],
  ['auth: staff, requireOrigin: true', true],
])('an Origin is required where cookies are taken: %s: %s', async (route, required) => {
  const { config } = await load(file(route))
  expect(config.routes[0]!.requireOrigin).toBe(required)
})

test('a certificate needs a listener that asks for one', async () => {
  const certificate = 'authenticators: { devices: { certificate: { subjects: "CN=*" } } }'
  expect(
    await complaints(
      `${edge}routes: [{ proxy: app, auth: devices, origins: "*" }]\n${certificate}\n`,
    ),
  ).toEqual([
    'routes[0].origins: found "*", where devices takes what browsers send unasked (cookies, client certificates), expected the origins of the pages that may connect',
    'authenticators.devices.certificate: found it without a listener that asks for certificates, expected tls.clientCertificate on a listener',
  ])
})

test('an empty list of authenticators opens no route', async () => {
  expect(await complaints(file('auth: []'))).toEqual([
    'routes[0].auth: found an empty list, expected at least one entry',
  ])
})

test('where cookies are taken, pages without an origin of their own are as good as any page', async () => {
  const [told] = await complaints(file('auth: cookie, origins: [https://a.example, "null"]'))
  expect(told).toContain('routes[0].origins[1]')
})
