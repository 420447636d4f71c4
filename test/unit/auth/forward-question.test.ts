import { expect, test } from 'vitest'
import { withoutCredentials } from '../../../src/auth/without-credentials.ts'
import type { EdgeRequest } from '../../../src/listener/edge-request.ts'
import { forwardQuestion } from '../../../src/auth/forward-question.ts'
import { edgeRequest } from '../../support/edge-request.ts'

const own = (uri: string, host?: string, client = '203.0.113.7'): string[] => [
  'x-forwarded-method: GET',
  'x-forwarded-proto: http',
  `x-forwarded-uri: ${uri}`,
  `x-forwarded-for: ${client}`,
  'accept-encoding: identity',
  ...(host === undefined ? [] : [`x-forwarded-host: ${host}`]),
]

const written = (lines: readonly string[]): string[] =>
  lines.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${lines[at + 1]}`] : []))

test.each([
  ['a port', ['GET /a HTTP/1.1', 'Host: A.example:8443'], own('/a', 'a.example:8443')],
  ['an IPv6 address', ['GET / HTTP/1.1', 'Host: [::1]:80'], own('/', '[::1]:80')],
  ['no Host', ['GET / HTTP/1.0'], own('/')],
  [
    'an absolute target',
    ['GET http://a.example/x?y HTTP/1.1', 'Host: a.example'],
    own('/x?y', 'a.example'),
  ],
])('tells of the request: %s', (_, lines, expected) => {
  expect(written(forwardQuestion(asked(edgeRequest(lines)), []).headers)).toEqual(expected)
})

test('tells of a client on a unix socket that it has no address', () => {
  const request = edgeRequest(['GET / HTTP/1.1', 'Host: a'], { peer: { address: 'unix' } })
  expect(written(forwardQuestion(asked(request), []).headers)).toEqual(own('/', 'a', 'unknown'))
})

test('tells of the client behind trusted proxies, and of the scheme that they tell', () => {
  const request = edgeRequest(
    ['GET / HTTP/1.1', 'Host: a', 'X-Forwarded-For: 198.51.100.9', 'X-Forwarded-Proto: https'],
    { trustedProxies: ['203.0.113.7'] },
  )
  expect(written(forwardQuestion(asked(request), []).headers)).toEqual(
    expect.arrayContaining(['x-forwarded-for: 198.51.100.9', 'x-forwarded-proto: https']),
  )
})

test('says apart what came from the client', () => {
  const request = edgeRequest(['GET / HTTP/1.1', 'Host: a', 'X-A: 1', 'X-A: 2', 'X-B: 3'])
  expect(forwardQuestion(asked(request), ['x-a', 'x-none']).sent).toEqual(['x-a', '1', 'x-a', '2'])
})

test('other methods’ credentials are neither in its X-Forwarded-Uri nor in its Referer', () => {
  const request = edgeRequest([
    'GET /a?access_token=secret&z=1 HTTP/1.1',
    'Host: a',
    'Referer: https://a/?access_token=secret',
  ])
  const places = [{ kind: 'query', name: 'access_token' }] as const
  const onward = withoutCredentials(request, [], places).request
  const lines = written(forwardQuestion({ request, onward }, ['referer']).headers)
  expect(lines).toContain('x-forwarded-uri: /a?z=1')
  expect(lines.join()).not.toContain('secret')
})

/** A request of a route where nothing else could be a credential. */
function asked(request: EdgeRequest): { request: EdgeRequest; onward: EdgeRequest } {
  return { request, onward: request }
}
