import { expect, test } from 'vitest'
import { formatPath } from '../../../src/config/problem.ts'
import { checkSettings } from '../../../src/config/upstream-references.ts'

function check(upstream: object): string[] {
  return checkSettings({ upstreams: { app: upstream } }).map(
    ({ path, found, expected }) => `${formatPath(path)}: found ${found}, expected ${expected}`,
  )
}

const clear = 'upstreams.app.tls: found it for servers without TLS, expected'
const bridged = 'found it for servers that are bridged, expected none'

test.each([
  ['tcp://a:1', { ca: 'ca.crt' }, [`${clear} tls:// servers, where tls is set`]],
  ['unix:/a', { verify: false }, [`${clear} tls:// servers, where tls is set`]],
  ['http://a', { servername: 'a.example' }, [`${clear} https:// servers, where tls is set`]],
  ['ws://a', { ca: 'ca.crt' }, [`${clear} https:// servers, where tls is set`]],
  ['tcp://a:1', {}, []],
  ['tls://a:1', { ca: 'ca.crt' }, []],
  ['https://a', { ca: 'ca.crt' }, []],
  ['wss://a', { ca: 'ca.crt' }, []],
  ['srv://_a._tcp.example', { ca: 'ca.crt' }, []],
])('tls for %s: %j', (server, tls, problems) => {
  expect(check({ servers: [server], tls })).toEqual(problems)
  expect(check({ servers: [{ url: server, weight: 2 }], tls })).toEqual(problems)
})

test('tls is of use where one server of several has it', () => {
  expect(check({ servers: ['http://a', 'https://b'], tls: { ca: 'ca.crt' } })).toEqual([])
})

test.each(['tcp://a:1', 'tls://a:1'])('what only HTTP has is of no use to %s', (server) => {
  const http = { preserveHost: false, timeouts: { connect: '1s', handshake: '1s', response: '1s' } }
  expect(check({ servers: [server], ...http })).toEqual([
    `upstreams.app.preserveHost: ${bridged}`,
    `upstreams.app.timeouts.handshake: ${bridged}`,
    `upstreams.app.timeouts.response: ${bridged}`,
  ])
  expect(check({ servers: [server], timeouts: { connect: '1s' } })).toEqual([])
})

test.each(['http://a', 'https://a', 'unix:/a', 'srv://_a._tcp.example'])(
  'of %s nothing is said but what is written',
  (server) => {
    expect(check({ servers: [server] })).toEqual([])
    expect(check({ servers: [server], preserveHost: false, timeouts: { response: '1s' } })).toEqual(
      [],
    )
  },
)

test('servers that cannot be read have their own complaint', () => {
  expect(check({ servers: ['nonsense'], tls: { ca: 'ca.crt' }, preserveHost: true })).toEqual([])
  expect(check({ servers: ['http://a', 'tcp://a:1'], preserveHost: true })).toEqual([])
})
