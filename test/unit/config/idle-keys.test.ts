import { expect, test } from 'vitest'
import { configFromObject } from '../../../src/config/load.ts'
import { load } from './config-text.ts'

const sections = `listeners: { edge: { bind: "127.0.0.1:0" } }
upstreams: { app: { servers: ["http://app"] }, raw: { servers: ["tcp://raw:1"] } }
authenticators: { staff: { forward: { url: http://a, send: [] } } }
`

/** The warnings for one route, without the file, line and column of each. */
async function warnings(route: string): Promise<string[]> {
  const loaded = await load(`${sections}routes: [{ ${route} }]\n`)
  return loaded.warnings.map((line) => line.replace(/^edge\.yaml:\d+:\d+: routes\[0\]\./, ''))
}

test('a warning says where, and why', async () => {
  const { warnings } = await load(
    `${sections}routes:\n  - { respond: { status: 200 } }\n  - bridge: raw\n    compression: off\n`,
  )
  expect(warnings).toEqual([
    'edge.yaml:7:18: routes[1].compression: has no effect on a route with bridge: a bridge never compresses',
  ])
})

const websockets = 'it is about WebSockets'
const requests = 'it is about plain requests that are proxied'
const login = 'nobody is known there'

test.each([
  ['static: .', 'origins: "*"', `origins: has no effect on a route with static: ${websockets}`],
  [
    'respond: { status: 200 }',
    'requireOrigin: true',
    `requireOrigin: has no effect on a route with respond: ${websockets}`,
  ],
  [
    'redirect: https',
    'refuse: visible',
    `refuse: has no effect on a route with redirect: ${websockets}`,
  ],
  [
    'static: .',
    'limits: { message: 1KiB }',
    `limits.message: has no effect on a route with static: ${websockets}`,
  ],
  [
    'static: .',
    'limits: { sessionsPerIdentity: 5 }',
    `limits.sessionsPerIdentity: has no effect on a route with static: ${websockets}`,
  ],
  [
    'static: .',
    'limits: { body: 1KiB }',
    `limits.body: has no effect on a route with static: ${requests}`,
  ],
  [
    'proxy: app, match: { websocket: false }',
    'compression: off',
    `compression: has no effect where match.websocket is false: ${websockets}`,
  ],
  [
    'proxy: app, match: { websocket: false }',
    'timeouts: { idle: 5m }',
    `timeouts.idle: has no effect where match.websocket is false: ${websockets}`,
  ],
  [
    'proxy: app, match: { websocket: true }',
    'limits: { body: 1KiB }',
    `limits.body: has no effect where match.websocket is true: ${requests}`,
  ],
  [
    'bridge: raw',
    'limits: { body: 1KiB }',
    `limits.body: has no effect on a route with bridge: ${requests}`,
  ],
  [
    'proxy: app',
    'limits: { sessionsPerIdentity: 5 }',
    `limits.sessionsPerIdentity: has no effect on a route without auth: ${login}`,
  ],
  [
    'proxy: app',
    'identity: { headers: { x-user: subject } }',
    `identity.headers.x-user: is never set on a route without auth: ${login}`,
  ],
  [
    'bridge: raw, auth: staff',
    'identity: { headers: { x-user: subject } }',
    'identity.headers.x-user: is never set on a route with bridge: it is about requests that are proxied',
  ],
])('{ %s, %s }', async (route, key, told) => {
  expect(await warnings(`${route}, ${key}`)).toEqual([told])
})

const every =
  'origins: "*", requireOrigin: true, refuse: visible, auth: staff, timeouts: { idle: 5m, stall: 5s }'
const limits = 'message: 1KiB, buffer: 1KiB, sessions: 5, sessionsPerIdentity: 5'
const identity = 'identity: { headers: { x-user: subject } }'

test.each([
  [`proxy: app, compression: off, ${every}, limits: { ${limits}, body: 1KiB }, ${identity}`],
  [
    `proxy: app, match: { websocket: true }, compression: off, ${every}, limits: { ${limits} }, ${identity}`,
  ],
  [
    `proxy: app, match: { websocket: false }, auth: staff, limits: { body: 1KiB }, timeouts: { stall: 5s }, ${identity}`,
  ],
  [`bridge: raw, ${every}, limits: { ${limits} }, messages: text, subprotocols: [a]`],
  [`static: ., auth: staff, clients: { deny: [10.0.0.1] }, timeouts: { stall: 5s }`],
  [`static: ., limits: {}, timeouts: {}, identity: { headers: {} }`],
])('what acts is no reason for a warning: { %s }', async (route) => {
  expect(await warnings(route)).toEqual([])
})

test('members of an object that are undefined are not written', async () => {
  const routes = [{ respond: { status: 200 }, origins: undefined }]
  const input = { listeners: { edge: { bind: '127.0.0.1:0' } }, routes }
  expect((await configFromObject(input, { folder: '/' })).warnings).toEqual([])
})
