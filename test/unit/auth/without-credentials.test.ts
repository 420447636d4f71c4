import { expect, test } from 'vitest'
import type { Place } from '../../../src/auth/places.ts'
import { withoutCredentials } from '../../../src/auth/without-credentials.ts'
import { attempt } from './attempts.ts'
import type { Given } from './attempts.ts'

const places: readonly Place[] = [
  { kind: 'header', name: 'authorization' },
  { kind: 'header', name: 'x-api-key' },
  { kind: 'cookie', name: 'session' },
  { kind: 'cookie', name: 'sid' },
  { kind: 'query', name: 'token' },
  { kind: 'subprotocol' },
]

function clean(given: Given, from: readonly Place[] = places) {
  const { request, protocols } = attempt(given)
  const cleaned = withoutCredentials(request, protocols, from)
  const { raw } = cleaned.request.headers
  const lines: string[] = []
  for (let at = 2; at < raw.length; at += 2) lines.push(`${raw[at]}: ${raw[at + 1]}`)
  return { ...cleaned, lines }
}

test.each<[string, readonly string[], readonly string[]]>([
  ['Authorization, of whatever scheme', ['AUTHORIZATION: Basic YTpi', 'A: b'], ['A: b']],
  ['every line of a header', ['X-Api-Key: a', 'A: b', 'x-api-key: c'], ['A: b']],
  ['cookies, of all places', ['Cookie: a=1; session=x; sid=y; b=2'], ['Cookie: a=1; b=2']],
  ['a Cookie line that is empty then', ['Cookie: session=x', 'Cookie: a=1'], ['Cookie: a=1']],
  [
    'subprotocols of any line, leaving the others on one',
    ['Sec-WebSocket-Protocol: chat, bearer', 'A: b', 'Sec-WebSocket-Protocol: x.y.z, v2'],
    ['A: b', 'Sec-WebSocket-Protocol: chat, v2'],
  ],
  [
    'the query of the page that asks',
    ['Referer: https://app.example.com/?a=1&token=x#top'],
    ['Referer: https://app.example.com/?a=1#top'],
  ],
])('takes out %s', (_, lines, left) => {
  expect(clean({ lines }).lines).toEqual(left)
})

test('takes the key out of the query, and leaves every other byte', () => {
  const { request } = clean({ target: '/a%2Fb?x=%2f+&t%6Fken=secret&&y' })
  expect(request).toMatchObject({ target: '/a%2Fb?x=%2f+&&y', path: '/a%2Fb', query: '?x=%2f+&&y' })
  expect(clean({ target: '/?token=x' }).request).toMatchObject({ target: '/', query: '' })
})

test('offers the upstream what is no secret', () => {
  const { protocols, request } = clean({ protocols: ['bearer', 'x.y.z', 'chat.v2', 'chat.v1'] })
  expect(protocols).toEqual(['chat.v2', 'chat.v1'])
  expect(request.headers.all('sec-websocket-protocol')).toEqual(['chat.v2, chat.v1'])
})

test.each([[['bearer', 'x.y.z']], [['authorization.bearer.x.y.z']]])(
  'refuses an offer of %j alone, since no answer to it could be one',
  (protocols) => {
    expect(() => clean({ protocols })).toThrow(
      expect.objectContaining({ token: 'subprotocol-unsupported' }),
    )
  },
)

test('leaves alone what stands in other places', () => {
  const given: Given = {
    target: '/?token=x',
    lines: ['Authorization: Bearer x', 'Cookie: session=x;  a', 'Referer: http://a/?token=x'],
    protocols: ['bearer', 'x'],
  }
  const { request, protocols } = attempt(given)
  const cleaned = withoutCredentials(request, protocols, [{ kind: 'query', name: 'other' }])
  expect(cleaned).toEqual({ request, protocols })
  expect(cleaned.request.headers).toBe(request.headers)
})

test('the client keeps the request it sent', () => {
  const given = attempt({ target: '/?token=x', lines: ['Cookie: session=x'] })
  withoutCredentials(given.request, [], places)
  expect(given.request).toMatchObject({ target: '/?token=x', query: '?token=x' })
  expect(given.request.headers.one('cookie')).toBe('session=x')
})
