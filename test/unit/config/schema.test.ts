import { expect, test } from 'vitest'
import { complaints, edge, routes } from './config-text.ts'

const url =
  'a URL such as http://10.0.0.5:9001, tcp://10.0.0.5:5900, srv://_http._tcp.example.com or unix:/path (http, https, ws, wss, tcp or tls; a port, which tcp and tls need; no user, path or query)'
const origin =
  'an origin as browsers send it, such as https://app.example.com or https://*.example.com (lower case, no path, no slash behind it, no default port), null or "*"'
const clock = 'a duration such as 500ms, 10s, 5m or 1h, above 0 and at most 596h, or none'
const range = 'an address or CIDR such as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32'

/** Sections added to a file that is right, and what is then told, without file, line and column. */
test.each([
  // Shapes.
  ['limits: 5', 'limits: found 5, expected a mapping'],
  ['limits:', 'limits: found nothing, expected a mapping'],
  ['limits: []', 'limits: found an empty list, expected a mapping'],
  ['trustedProxies: 10.0.0.0/8', 'trustedProxies: found 10.0.0.0/8, expected a list'],
  [
    'monitor: {}',
    'monitor.bind: found nothing, expected an address such as 0.0.0.0:8080, [::1]:8080 or unix:/path',
  ],
  // Forms of which one excludes the other.
  [
    'limits: { message: { max: 1KiB, fromClient: 2KiB } }',
    'limits.message.fromClient: found it beside keys that it does not go with, expected keys of one form only',
  ],
  // Values.
  [
    'trustedProxies: [10.0.0.0/33]',
    `trustedProxies[0]: found 10.0.0.0/33, expected an address or CIDR such as 10.0.0.0/8, or unix`,
  ],
  [
    'trustedProxies: [localhost]',
    `trustedProxies[0]: found localhost, expected an address or CIDR such as 10.0.0.0/8, or unix`,
  ],
  [
    'admission: { connections: 0 }',
    'admission.connections: found 0, expected auto, none or a whole number above 0',
  ],
  [
    'admission: { connections: many }',
    'admission.connections: found many, expected auto, none or a whole number above 0',
  ],
  [
    'admission: { connectionsPerClient: 1.5 }',
    'admission.connectionsPerClient: found 1.5, expected none or a whole number above 0',
  ],
  [
    'admission: { handshakesPerClient: 50 }',
    'admission.handshakesPerClient: found 50, expected a rate such as 50/s, 10/m or 100/h, or none',
  ],
  [
    'identity: { headers: { host: subject } }',
    'identity.headers.host: found this name, expected a header name of letters, digits and dashes that HTTP and the gateway do not use themselves',
  ],
  [
    'identity: { headers: { x-user: email } }',
    'identity.headers.x-user: found email, expected subject, name or claims.NAME',
  ],
  [
    'identity: { headers: { x-user: subject, X-USER: subject } }',
    'identity.headers.X-USER: found another spelling of a header, expected only x-user',
  ],
  [
    'log: { level: loud }',
    'log.level: found loud, expected trace, debug, info, warn, error, fatal or silent',
  ],
  ['timeouts: { ping: 0s }', `timeouts.ping: found 0s, expected ${clock}`],
  ['timeouts: { ping: 597h }', `timeouts.ping: found 597h, expected ${clock}`],
  ['timeouts: { closing: true }', `timeouts.closing: found true, expected ${clock}`],
  [
    'limits: { buffer: 512B }',
    'limits.buffer: found 512B, expected a size such as 64KiB, 1KiB at least, or none',
  ],
  [
    'limits: { message: 1024 }',
    'limits.message: found 1024, expected a size such as 1MiB, none, or a mapping with max and over, or with fromClient and fromUpstream',
  ],
  [
    'limits: { message: { fromClient: 1 } }',
    'limits.message.fromClient: found 1, expected a size such as 1MiB, none, or a mapping with max and over',
  ],
  [
    'limits: { controlFrameRate: { max: 5/s, over: kill } }',
    'limits.controlFrameRate.over: found kill, expected throttle, close or log',
  ],
  [
    'limits: { controlFrameRate: { max: 5/s, burst: 0 } }',
    'limits.controlFrameRate.burst: found 0, expected a whole number above 0',
  ],
  // Keys.
  ['limits: { mesage: 1MiB }', 'limits.mesage: found an unknown key, expected message'],
  ['monitr: {}', 'monitr: found an unknown key, expected monitor'],
  ['log: { colour: true }', 'log.colour: found an unknown key, expected one of level or format'],
  [
    'timeouts: { idle: 1s, idle: 2s }',
    'timeouts.idle: found the key a second time, expected it once',
  ],
  ['__proto__: {}', '__proto__: found this name, expected another one'],
  ['? [a]\n: b', '["?"]: found a collection as a key, expected a text'],
  [
    '<<: { log: {} }',
    '["<<"]: found a merge key, which YAML 1.2 does not have, expected the keys themselves, or an alias',
  ],
])('%s', async (section, message) => {
  expect(await complaints(`${edge}${routes}${section}\n`)).toEqual([message])
})

test.each([
  ['[10.0.0.0/8]', ': found a list, expected a mapping'],
  ['{}', '.from: found nothing, expected a list'],
  ['{ from: [] }', '.from: found an empty list, expected at least one address, CIDR or unix'],
  [
    '{ from: [lb.example] }',
    '.from[0]: found lb.example, expected an address or CIDR such as 10.0.0.0/8, or unix',
  ],
])('proxies that announce their clients: %s', async (written, message) => {
  const key = `acceptProxyProtocol: ${written}`
  expect(await complaints(edge.replace('bind:', `${key}, bind:`) + routes)).toEqual([
    `listeners.edge.acceptProxyProtocol${message}`,
  ])
})

/** Routes of a file that is otherwise right, in one line. */
test.each([
  [
    '{}',
    'routes[0]: found no action, expected exactly one of proxy, bridge, static, respond or redirect',
  ],
  [
    '{ proxy: [app] }',
    'routes[0].proxy: found a list, expected a text (in quotes, where it looks like something else)',
  ],
  [
    '{ name: a b, proxy: app }',
    'routes[0].name: found a b, expected a name of up to 64 letters, digits, dots, dashes and underscores',
  ],
  [
    '{ match: { host: "app:80" }, proxy: app }',
    'routes[0].match.host: found "app:80", expected a host such as app.example.com or *.example.com, without a port',
  ],
  [
    '{ match: { host: [] }, proxy: app }',
    'routes[0].match.host: found an empty list, expected at least one entry',
  ],
  [
    '{ match: { path: [] }, proxy: app }',
    'routes[0].match.path: found an empty list, expected at least one entry',
  ],
  [
    '{ match: { host: 5 }, proxy: app }',
    'routes[0].match.host: found 5, expected a host or a list of hosts',
  ],
  [
    '{ match: { host: [a, "*"] }, proxy: app }',
    'routes[0].match.host[1]: found "*", expected a host such as app.example.com or *.example.com, without a port',
  ],
  [
    '{ match: { websocket: yes }, proxy: app }',
    'routes[0].match.websocket: found yes, expected true or false',
  ],
  [
    '{ origins: https://app.example/, proxy: app }',
    `routes[0].origins: found https://app.example/, expected ${origin}`,
  ],
  [
    '{ clients: { allow: [10.0.0.1/8, x] }, proxy: app }',
    `routes[0].clients.allow[1]: found x, expected ${range}`,
  ],
  ['{ compression: on, proxy: app }', 'routes[0].compression: found on, expected pass or off'],
  [
    '{ timeouts: { keepAlive: 5s }, proxy: app }',
    'routes[0].timeouts.keepAlive: found an unknown key, expected one of idle, ping, pong, stall, lifetime or closing',
  ],
  [
    '{ respond: { status: 199 } }',
    'routes[0].respond.status: found 199, expected a status from 200 to 599',
  ],
  [
    '{ respond: { status: 600 } }',
    'routes[0].respond.status: found 600, expected a status from 200 to 599',
  ],
  [
    '{ respond: { status: 204, body: x } }',
    'routes[0].respond.body: found x, expected no body with status 204',
  ],
  [
    '{ respond: { status: 304, body: x } }',
    'routes[0].respond.body: found x, expected no body with status 304',
  ],
  ['{ redirect: http }', 'routes[0].redirect: found http, expected https, or a mapping with port'],
  [
    '{ redirect: { port: 0 } }',
    'routes[0].redirect.port: found 0, expected a port from 1 to 65535',
  ],
  [
    '{ proxy: app, messages: text }',
    'routes[0].messages: found it on a route without bridge, expected none',
  ],
  [
    '{ proxy: app, subprotocols: [a] }',
    'routes[0].subprotocols: found it on a route without bridge, expected none',
  ],
  [
    '{ bridge: raw, subprotocols: ["a b"] }',
    'routes[0].subprotocols[0]: found "a b", expected the name of a subprotocol, such as binary',
  ],
  [
    '{ proxy: raw }',
    'routes[0].proxy: found raw, expected an upstream whose servers are http, https, ws, wss, srv or unix',
  ],
  [
    '{ bridge: app }',
    'routes[0].bridge: found app, expected an upstream whose servers are tcp, tls, srv or unix',
  ],
])('route %s', async (route, message) => {
  const raw = edge.replace('upstreams: {', 'upstreams: { raw: { servers: ["tcp://raw:1"] },')
  expect(await complaints(`${raw}routes: [${route}]\n`)).toEqual([message])
})

test.each([
  ['"http://app/path"', `upstreams.u.servers[0]: found "http://app/path", expected ${url}`],
  [
    '"http://user:secret@app"',
    `upstreams.u.servers[0]: found "http://[redacted]@app", expected ${url}`,
  ],
  ['"http://app?q"', `upstreams.u.servers[0]: found "http://app?q", expected ${url}`],
  ['"tcp://app"', `upstreams.u.servers[0]: found "tcp://app", expected ${url}`],
  ['5', 'upstreams.u.servers[0]: found 5, expected a URL, or a mapping with url'],
  ['{ url: x }', `upstreams.u.servers[0].url: found x, expected ${url}`],
  [
    '{ url: "http://a", weight: 0 }',
    'upstreams.u.servers[0].weight: found 0, expected a whole number from 1 to 1000',
  ],
  [
    '{ url: "http://a", maxConnections: 0 }',
    'upstreams.u.servers[0].maxConnections: found 0, expected none or a whole number above 0',
  ],
  [
    '"http://a", "tcp://a:1"',
    'upstreams.u.servers[1]: found "tcp://a:1", expected a URL with http, https, ws or wss, as the servers before it',
  ],
])('servers [%s]', async (servers, message) => {
  const text = `${edge.replace('upstreams: {', `upstreams: { u: { servers: [${servers}] },`)}${routes}`
  expect(await complaints(text)).toEqual([message])
})

const keyForm = 'client, header:NAME, cookie:NAME or query:NAME, such as cookie:session'

test.each([
  [
    'balance: fastest',
    'balance: found fastest, expected round-robin, least-connections, random-two, or a mapping with hash',
  ],
  ['balance: { hash: path }', `balance.hash: found path, expected ${keyForm}`],
  ['balance: { hash: "cookie:a b" }', `balance.hash: found "cookie:a b", expected ${keyForm}`],
  ['sticky: { cookie: "a=b" }', 'sticky.cookie: found "a=b", expected the name of a cookie'],
  ['retries: -1', 'retries: found -1, expected a whole number from 0 to 100'],
  ['maxConnections: 0', 'maxConnections: found 0, expected none or a whole number above 0'],
  ['queue: 5', 'queue: found 5, expected none, or a mapping with max and timeout'],
  ['queue: { max: 0 }', 'queue.max: found 0, expected a whole number above 0'],
])('of an upstream, %s', async (line, message) => {
  const upstream = `u: { servers: ["http://a"], ${line} },`
  const text = `${edge.replace('upstreams: {', `upstreams: { ${upstream}`)}${routes}`
  expect(await complaints(text)).toEqual([`upstreams.u.${message}`])
})

test.each([
  [
    'a section',
    `${edge.replace('listeners', 'listener')}${routes}`,
    'listener: found an unknown key, expected listeners',
  ],
  [
    'the upstreams',
    `${edge.replace('upstreams', 'upstream')}${routes}`,
    'upstream: found an unknown key, expected upstreams',
  ],
  [
    'an address',
    `${edge.replace('bind', 'bnd')}${routes}`,
    'listeners.edge.bnd: found an unknown key, expected bind',
  ],
  [
    'an action',
    `${edge}routes: [{ proxi: app }]`,
    'routes[0].proxi: found an unknown key, expected proxy',
  ],
  [
    'the servers',
    `${edge.replace('servers', 'server')}${routes}`,
    'upstreams.app.server: found an unknown key, expected servers',
  ],
  [
    'the kind of the upstreams',
    `${edge.replace(/upstreams.*/, 'upstreams: 5')}${routes}`,
    'upstreams: found 5, expected a mapping',
  ],
])('one mistake is one error: %s', async (_, text, message) => {
  expect(await complaints(text)).toEqual([message])
})
