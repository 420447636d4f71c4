import { expect, test } from 'vitest'
import { load } from './config-text.ts'

/** The warnings for two routes to one upstream. */
async function warnings(first: string, second: string): Promise<readonly string[]> {
  const loaded = await load(`
listeners: { edge: { bind: "127.0.0.1:0" } }
upstreams: { app: { servers: ["http://app"] }, other: { servers: ["http://other"] } }
authenticators: { staff: { forward: { url: http://a, send: [] } }, robots: { forward: { url: http://b, send: [] } } }
routes:
  - { name: first, ${first} }
  - { name: second, ${second} }
`)
  return loaded.warnings
}

const guarded = 'proxy: app, clients: { allow: [10.0.0.0/8] }'

test('a warning says where, which routes, and why', async () => {
  expect(await warnings(`match: { path: /admin/* }, ${guarded}`, 'proxy: app')).toEqual([
    'edge.yaml:7:5: routes[1]: leads to the upstream app as route first does, with different clients, and one path contains ' +
      'the other: a backend that reads paths in its own way shows under one what the other guards',
  ])
})

test.each([
  ['the same path', 'match: { path: /a }', 'match: { path: /a }'],
  ['a path below', 'match: { path: [/b, /a/b] }', 'match: { path: /a/* }'],
  [
    'hosts of which one contains the other',
    'match: { host: a.example.com, path: /a }',
    'match: { host: "*.example.com" }',
  ],
  ['upgrades and everything', 'match: { websocket: true }', 'match: { path: /a }'],
])('is warned of: %s', async (_, first, second) => {
  expect(await warnings(`${first}, ${guarded}`, `${second}, proxy: app`)).toHaveLength(1)
})

test.each([
  ['origins', 'proxy: app, origins: https://a.example', 'proxy: app'],
  ['origins', 'proxy: app, requireOrigin: true', 'proxy: app'],
  ['origins', 'proxy: app, origins: []', 'proxy: app'],
  ['clients', 'proxy: app, clients: { allow: [] }', 'proxy: app'],
  ['clients', 'proxy: app, clients: { deny: [10.0.0.1] }', 'proxy: app'],
  ['origins and clients', `${guarded}, origins: "*"`, 'proxy: app'],
  ['auth', 'proxy: app, auth: staff', 'proxy: app'],
  ['auth', 'proxy: app, auth: staff', 'proxy: app, auth: [staff, robots]'],
])('names what differs: %s', async (what, first, second) => {
  const [warning] = await warnings(first, second)
  expect(warning).toContain(`with different ${what}, and`)
})

test.each([
  ['equal logins', 'proxy: app, auth: [staff, robots]', 'proxy: app, auth: [robots, staff]'],
  ['equal guards', `match: { path: /a }, ${guarded}`, guarded],
  [
    'equal guards in another order',
    'match: { path: /a }, proxy: app, origins: [https://a.example, https://b.example], clients: { allow: [10.0.0.1, 10.0.0.2] }',
    'proxy: app, origins: [https://b.example, https://a.example], clients: { allow: [10.0.0.2/32, 10.0.0.1, 10.0.0.2], deny: [] }',
  ],
  ['other upstreams', `match: { path: /a }, ${guarded}`, 'proxy: other'],
  ['paths apart', `match: { path: /a/* }, ${guarded}`, 'match: { path: /b/* }, proxy: app'],
  [
    'hosts apart',
    `match: { host: a.example }, ${guarded}`,
    'match: { host: b.example }, proxy: app',
  ],
  [
    'upgrades and plain requests',
    `match: { websocket: true }, ${guarded}`,
    'match: { websocket: false }, proxy: app',
  ],
  [
    'no upstream',
    'respond: { status: 200 }, clients: { deny: [10.0.0.0/8] }',
    'respond: { status: 200 }',
  ],
])('is no reason for a warning: %s', async (_, first, second) => {
  expect(await warnings(first, second)).toEqual([])
})
