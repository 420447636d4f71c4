import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { complaints, load } from './config-text.ts'

/** A file with one bridge to targets. @param route further keys of the route */
function file(targets: string, route = ''): string {
  return (
    'listeners: { edge: { bind: "127.0.0.1:0" } }\n' +
    'authenticators: { users: { jwt: { secret: "0123456789abcdef0123456789abcdef" } } }\n' +
    `routes: [{ name: t, ${route} bridge: { targets: { ${targets} } } }]\n`
  )
}

const here = 'lookup: { file: . }'

async function settled(targets: string, route = '') {
  const { config } = await load(file(targets, route))
  const [{ action }] = config.routes as [(typeof config.routes)[number]]
  if (action.kind !== 'bridge' || typeof action.upstream === 'string') throw new Error('no targets')
  return action.upstream
}

test('what is left out is filled in', async () => {
  expect(await settled('from: query:token, lookup: { file: . }')).toEqual({
    from: { kind: 'query', name: 'token' },
    lookup: { kind: 'file', path: process.cwd() },
    deny: [],
    timeouts: { connect: 5_000 },
  })
})

test.each([
  [
    'lookup: { http: { url: "https://x.example/{token}" } }',
    { kind: 'http', url: 'https://x.example/{token}', timeout: 5_000 },
  ],
  [
    'lookup: { redis: { host: cache.example } }',
    {
      kind: 'redis',
      host: 'cache.example',
      port: 6379,
      db: 0,
      tls: false,
      namespace: '',
      timeout: 2_000,
    },
  ],
  [
    'lookup: { redis: { url: "rediss://cache.example:1/2", namespace: vnc, timeout: 1s } }',
    {
      kind: 'redis',
      host: 'cache.example',
      port: 1,
      db: 2,
      tls: true,
      namespace: 'vnc',
      timeout: 1_000,
    },
  ],
])('%s', async (lookup, expected) => {
  expect((await settled(`from: query:token, ${lookup}`)).lookup).toEqual(expected)
})

test.each(['password: hunter2, host: x', 'url: "redis://:hunter2@x"'])(
  'a password shows itself nowhere: %s',
  async (redis) => {
    const { lookup } = await settled(`from: query:token, lookup: { redis: { ${redis} } }`)
    expect(inspect(lookup) + JSON.stringify(lookup)).not.toContain('hunter2')
    expect(lookup.kind === 'redis' && lookup.password?.reveal()).toBe('hunter2')
  },
)

const at = 'routes[0].bridge.targets'

test.each([
  ['redis', 'redis://:hun/ter2@x'],
  ['redis', 'redis://ada:hun ter2@x/0'],
  ['http', 'http://ada:hun/ter2@x/{token}'],
])('a password that makes its URL wrong is not told: %s %s', async (kind, url) => {
  const lookup = `from: query:x, lookup: { ${kind}: { url: "${url}" } }`
  const [problem = '', ...more] = await complaints(file(lookup))
  expect(problem).toContain(`${at}.lookup.${kind}.url: found "${kind}://[redacted]@x`)
  expect([problem, ...more].join()).not.toMatch(/hun|ter2/)
})

test.each([
  [
    `from: cookie:x, ${here}`,
    '',
    `${at}.from: found cookie:x, expected query:NAME, header:NAME, path, host, identity:subject or identity:claims.NAME`,
  ],
  [
    'from: query:x, lookup: nothing',
    '',
    `${at}.lookup: found nothing, expected claims, direct, or a mapping with file, redis or http`,
  ],
  [
    'from: query:x, lookup: {}',
    '',
    `${at}.lookup: found no lookup, expected exactly one of file, redis or http`,
  ],
  [
    'from: query:x, lookup: { file: ., http: { url: "http://x/{token}" } }',
    '',
    `${at}.lookup.http: found a second lookup beside file, expected exactly one of file, redis or http`,
  ],
  [
    'from: query:x, lookup: { file: nowhere }',
    '',
    `${at}.lookup.file: found nowhere, which does not exist, expected a file or a folder`,
  ],
  [
    'from: query:x, lookup: { http: { url: "http://x/" } }',
    '',
    `${at}.lookup.http.url: found "http://x/", expected an http or https URL without user and fragment, with {token} in its path or query`,
  ],
  [
    'from: query:x, lookup: { http: { url: "http://{token}/" } }',
    '',
    `${at}.lookup.http.url: found "http://{token}/", expected an http or https URL without user and fragment, with {token} in its path or query`,
  ],
  [
    'from: query:x, lookup: { redis: {} }',
    '',
    `${at}.lookup.redis: found no server, expected url or host`,
  ],
  [
    'from: query:x, lookup: { redis: { url: "redis://x", db: 1 } }',
    '',
    `${at}.lookup.redis.db: found it beside url, expected it in the url`,
  ],
  [
    'from: query:x, lookup: direct',
    '',
    `${at}.lookup: found direct without allow, expected allow beside it`,
  ],
  [
    'from: query:x, lookup: direct, allow: []',
    '',
    `${at}.allow: found an empty list, expected at least one entry`,
  ],
  [
    `from: query:x, ${here}, allow: [127.1]`,
    '',
    `${at}.allow[0]: found 127.1, expected an address, CIDR or name, with or without ports, such as 10.0.0.0/8:22,5900-5999, db.internal:5432 or [2001:db8::]/32:22; or unix:/path, unix:/folder/*`,
  ],
  [
    'from: query:x, lookup: claims',
    '',
    `${at}.from: found query:x, expected identity:claims.NAME, where the lookup is claims`,
  ],
  [
    'from: identity:subject, lookup: direct, allow: [10.0.0.0/8]',
    'auth: users, ',
    `${at}.from: found identity:subject, expected what the client says itself, where the lookup is direct`,
  ],
  [
    `from: identity:claims, ${here}`,
    'auth: users, ',
    `${at}.from: found identity:claims, expected one claim, identity:claims.NAME, where the lookup is not claims`,
  ],
  [
    `from: identity:claims.x, ${here}`,
    '',
    `${at}.from: found an identity on a route without auth, expected auth on the route`,
  ],
  [
    `from: path, ${here}`,
    'match: { path: /exact }, ',
    'routes[0].match.path: found /exact, expected /prefix/*, where targets are taken from the path',
  ],
])('%s %s', async (targets, route, complaint) => {
  expect(await complaints(file(targets, route))).toEqual([complaint])
})
