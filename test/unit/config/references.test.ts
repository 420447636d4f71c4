import { expect, test } from 'vitest'
import { checkReferences } from '../../../src/config/references.ts'
import { formatPath } from '../../../src/config/problem.ts'

/** Path and expectation of every problem. */
function check(value: unknown): string[] {
  return checkReferences(value, '/etc').map(
    ({ path, expected }) => `${formatPath(path)}: ${expected}`,
  )
}

const app = { upstreams: { app: { servers: ['http://app'] } } }
const socket = { upstreams: { sock: { servers: ['unix:/run/x'] } } }

test.each([
  [undefined],
  [null],
  [5],
  ['text'],
  [[]],
  [{ routes: 5 }],
  [{ routes: [null, 5, [], 'x'] }],
  [{ listeners: [] }],
])('has nothing to say of values of the wrong shape: %j', (value) => {
  expect(check(value)).toEqual([])
})

test('an address is bound once, the monitor included', () => {
  const listeners = {
    a: { bind: '127.0.0.1:80' },
    b: { bind: '127.0.0.1:80' },
    c: { bind: '[::1]:80' },
    d: { bind: '[0:0:0:0::1]:80' },
    e: { bind: 'unix:/etc/x' },
    f: { bind: 'unix:x' },
    g: { bind: '127.0.0.1:0' },
    h: { bind: '127.0.0.1:0' },
    i: { bind: '0.0.0.0:80' },
  }
  expect(check({ listeners, monitor: { bind: '127.0.0.1:80' } })).toEqual([
    'listeners.b.bind: an address that listeners.a.bind does not have already',
    'listeners.d.bind: an address that listeners.c.bind does not have already',
    'listeners.f.bind: an address that listeners.e.bind does not have already',
    'monitor.bind: an address that listeners.a.bind does not have already',
  ])
})

test.each([[{}], [{ monitor: { bind: '127.0.0.1:0' } }]])(
  'no listener has the name of the monitor in the log: %j',
  (more) => {
    const listeners = { monitor: { bind: '127.0.0.1:80' }, monitor2: { bind: '127.0.0.1:81' } }
    expect(check({ listeners, ...more })).toEqual(['listeners.monitor: another name'])
  },
)

test('the path of a socket fits into an address of the system', () => {
  const long = `unix:/${'a'.repeat(107)}`
  const fits = `unix:/${'a'.repeat(106)}`
  const limit = 'a socket whose absolute path has at most 107 bytes'
  const upstreams = { u: { servers: [fits, long] } }
  expect(check({ listeners: { a: { bind: long }, b: { bind: fits } }, upstreams })).toEqual([
    `listeners.a.bind: ${limit}`,
    `upstreams.u.servers[1]: ${limit}`,
  ])
})

test('the servers of an upstream speak one kind of protocol', () => {
  const upstreams = {
    same: { servers: ['http://a', 'wss://b', { url: 'ws://c' }] },
    raw: { servers: ['tcp://a:1', 'tls://b:1'] },
    mixed: { servers: ['tcp://a:1', 'nonsense', { url: 'http://b' }] },
    sockets: { servers: ['unix:/a', 'http://b', 'unix:/c', 'tls://d:1'] },
  }
  expect(check({ upstreams })).toEqual([
    'upstreams.mixed.servers[2].url: a URL with tcp or tls, as the servers before it',
    'upstreams.sockets.servers[3]: a URL with http, https, ws or wss, as the servers before it',
  ])
})

test('an upstream has each server once', () => {
  const upstreams = {
    app: { servers: ['http://a', { url: 'http://b' }, { url: 'http://a', weight: 2 }] },
    other: { servers: ['http://a'] },
  }
  expect(check({ upstreams })).toEqual([
    'upstreams.app.servers[2].url: a URL that upstreams.app.servers[0] does not have already',
  ])
})

test('a route leads to an upstream that exists', () => {
  expect(check({ ...app, routes: [{ proxy: 'app' }, { proxy: 'constructor' }] })).toEqual([
    'routes[1].proxy: the name of an upstream: app',
  ])
  expect(check({ routes: [{ bridge: 'app' }] })).toEqual([
    'routes[0].bridge: the name of one of the upstreams, of which there are none',
  ])
})

test('a bridge takes upgrades', () => {
  const routes = (websocket: boolean) => [{ bridge: 'sock', match: { websocket } }]
  expect(check({ ...socket, routes: routes(true) })).toEqual([])
  expect(check({ ...socket, routes: routes(false) })).toEqual([
    'routes[0].match.websocket: true, or none: a bridge carries WebSockets alone',
  ])
})

test('a unix socket serves proxies or bridges, not both', () => {
  expect(check({ ...socket, routes: [{ proxy: 'sock' }, { proxy: 'sock' }] })).toEqual([])
  expect(check({ ...socket, routes: [{ bridge: 'sock' }, { proxy: 'sock' }] })).toEqual([
    'routes[1].proxy: an upstream that routes[0] does not use under bridge',
  ])
})

test('route names are unique, those that the gateway gives included', () => {
  const routes = [
    { proxy: 'app', name: 'a' },
    { proxy: 'app', name: 'a' },
    { proxy: 'app', name: 'route-4' },
    { proxy: 'app' },
  ]
  expect(check({ ...app, routes })).toEqual([
    'routes[1].name: a name that routes[0] does not have already',
    'routes[2].name: a name that routes[3] does not have already',
  ])
})

test('paths that differ by case or a trailing slash only are a mistake', () => {
  const paths = [['/a', '/A'], '/a', '/b/*', '/B/*', '/a/', '/a/*']
  const routes = paths.map((path) => ({ proxy: 'app', match: { path } }))
  expect(check({ ...app, routes })).toEqual([
    'routes[0].match.path[1]: /a, from which it differs by case or a trailing slash only',
    'routes[3].match.path: /b/*, from which it differs by case or a trailing slash only',
    'routes[4].match.path: /a, from which it differs by case or a trailing slash only',
  ])
})

test('a header has one spelling', () => {
  expect(check({ identity: { headers: { 'x-user': '', 'X-User': '', 'x-role': '' } } })).toEqual([
    'identity.headers.X-User: only x-user',
  ])
})
