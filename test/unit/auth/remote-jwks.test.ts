import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jwksFetch } from '../../../src/auth/fetch-jwks.ts'
import { RemoteKeySet } from '../../../src/auth/remote-jwks.ts'
import { GatewayError } from '../../../src/errors.ts'
import { JwksServer } from './jwks-server.ts'
import { keySet, otherRsa, rsa } from './tokens.ts'

const minute = 60_000
const { signal } = new AbortController()
const [first, second] = [
  keySet([rsa.publicKey, { kid: 'a' }]),
  keySet([rsa.publicKey, { kid: 'a' }], [otherRsa.publicKey, { kid: 'b' }]),
]

let server: JwksServer
let keys: RemoteKeySet
let clock: number
let failures: string[]
/** Resolves at the next fetch that fails. */
let failed: Promise<void>

beforeEach(async () => {
  server = await JwksServer.start()
  clock = 1_700_000_000_000
  failures = []
  const failure = Promise.withResolvers<void>()
  failed = failure.promise
  keys = new RemoteKeySet({
    fetch: jwksFetch(server.url),
    now: () => clock,
    onFailure: ({ message }) => {
      failures.push(message)
      failure.resolve()
    },
  })
  server.publish(first)
})
afterEach(async () => {
  keys.close()
  await server.stop()
})

const find = (kid: string, given = signal) => keys.find({ alg: 'RS256', kid }, given)
const token = async (kid: string): Promise<unknown> =>
  find(kid).then(
    () => 'found',
    (error: unknown) => (error instanceof GatewayError ? error.token : error),
  )

test('one fetch serves all who ask at once, and those who come later', async () => {
  expect(await Promise.all(Array.from({ length: 100 }, () => token('a')))).toEqual(
    Array.from({ length: 100 }, () => 'found'),
  )
  clock += 9 * minute
  expect(await token('a')).toBe('found')
  expect(server.requests).toBe(1)
})

test('ten thousand unknown key ids are one fetch in thirty seconds', async () => {
  expect(await token('a')).toBe('found')
  for (const [elapsed, fetches] of [
    [10_000, 1],
    [19_999, 1],
    [1, 2],
    [29_999, 2],
    [1, 3],
  ] as const) {
    clock += elapsed
    const tokens = await Promise.all(Array.from({ length: 2_000 }, (_, at) => token(`x${at}`)))
    expect(new Set(tokens)).toEqual(new Set(['credentials-invalid']))
    expect(server.requests).toBe(fetches)
  }
})

test('a key that is new is found at once, also by those who ask while it is fetched', async () => {
  expect(await token('a')).toBe('found')
  server.publish(second)
  clock += 30_000
  const asked = Array.from({ length: 50 }, (_, at) => token(at % 2 === 0 ? 'b' : 'a'))
  expect(new Set(await Promise.all(asked))).toEqual(new Set(['found']))
  expect(server.requests).toBe(2)
})

test('a key that was taken back is refused once the newer set has come', async () => {
  server.publish(second)
  expect(await token('b')).toBe('found')
  server.publish(first)
  clock += 10 * minute
  // Beside this one, which does not wait, the newer set is fetched.
  expect(await token('b')).toBe('found')
  clock += 1
  expect(await token('unknown')).toBe('credentials-invalid')
  expect(await token('b')).toBe('credentials-invalid')
})

test('after a time in which nobody asked, the newer set is waited for', async () => {
  server.publish(second)
  expect(await token('b')).toBe('found')
  server.publish(first)
  clock += 60 * minute
  expect(await token('b')).toBe('credentials-invalid')
})

describe('an issuer that is away', () => {
  test('is a 503 where it has never answered, and asked again soon', async () => {
    const { port } = server.url
    await server.stop()
    expect(await Promise.all([token('a'), token('b')])).toEqual([
      'auth-unavailable',
      'auth-unavailable',
    ])
    expect(failures).toHaveLength(1)
    clock += 4_999
    expect(await token('a')).toBe('auth-unavailable')
    expect(failures).toHaveLength(1)
    server = await JwksServer.start(Number(port))
    server.publish(first)
    clock += 1
    expect(await token('a')).toBe('found')
  })

  test('takes no known key with it for a day, and leads to one fetch in thirty seconds', async () => {
    expect(await token('a')).toBe('found')
    server.answer = (_, response) => response.writeHead(500).end()
    for (let minutes = 0; minutes < 60; minutes++) {
      clock += minute
      expect(new Set(await Promise.all([token('a'), token('a')]))).toEqual(new Set(['found']))
    }
    await failed
    expect(failures[0]).toBe('the issuer answered 500')
    expect(server.requests).toBeLessThanOrEqual(1 + 50)
    expect(await token('unknown')).toBe('auth-unavailable')
    clock += 24 * 60 * minute
    expect(await token('a')).toBe('auth-unavailable')
    server.publish(first)
    clock += 5_000
    expect(await token('a')).toBe('found')
  })

  test('keeps nobody waiting who has a known key', async () => {
    expect(await token('a')).toBe('found')
    const asked = server.request()
    clock += 10 * minute
    expect(await token('a')).toBe('found')
    const response = await asked
    expect(await token('a')).toBe('found')
    response.end(second)
    expect(await token('b')).toBe('found')
    expect(server.requests).toBe(2)
  })

  test.each([
    ['no JSON', 'surprise: a secret of theirs'],
    ['an HTML page', '<!doctype html>'],
    ['a list', '[]'],
    ['no keys', '{"keys":[]}'],
    ['keys of another kind', '{"keys":{"a":1}}'],
    ['a secret', '{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256","kid":"a"}]}'],
    ['a key that is none', '{"keys":[{"kty":"RSA","n":"x","e":"y","kid":"a"},null,7,[]]}'],
    [
      'too many keys',
      JSON.stringify({ keys: Array.from({ length: 101 }, () => JSON.parse(first).keys[0]) }),
    ],
    ['more than a MiB', `${first.slice(0, -1)},"x":"${'x'.repeat(1_048_576)}"}`],
  ])('is one that answers with %s', async (_, text) => {
    server.publish(text)
    expect(await token('a')).toBe('auth-unavailable')
    expect(failures).toHaveLength(1)
    expect(failures[0]).not.toContain('secret of theirs')
    server.publish(first)
    clock += 5_000
    expect(await token('a')).toBe('found')
    server.publish(text)
    clock += 30_000
    expect(await token('unknown')).toBe('auth-unavailable')
    expect(await token('a')).toBe('found')
  })

  test('is one that redirects, and nobody follows', async () => {
    const other = await JwksServer.start()
    other.publish(first)
    server.answer = (_, response) => response.writeHead(302, { location: other.url.href }).end()
    expect(await token('a')).toBe('auth-unavailable')
    expect(failures).toEqual(['the issuer answered 302'])
    expect(other.requests).toBe(0)
    await other.stop()
  })

  test('is one that cuts its answer short', async () => {
    server.answer = (_, response) => {
      response.writeHead(200, { 'content-length': first.length })
      response.write(first.slice(0, 10), () => response.destroy())
    }
    expect(await token('a')).toBe('auth-unavailable')
  })
})

test('who leaves is not waited with, and the others get their key', async () => {
  const leaver = new AbortController()
  const reason = new GatewayError('client-lost', 'the client has gone')
  const asked = server.request()
  const leaving = find('a', leaver.signal)
  const staying = token('a')
  const response = await asked
  leaver.abort(reason)
  await expect(leaving).rejects.toBe(reason)
  response.end(first)
  expect(await staying).toBe('found')
})

test('closing ends the fetch that is under way, which is no failure', async () => {
  const asked = server.request()
  const waiting = token('a')
  await asked
  keys.close()
  expect(await waiting).toBe('auth-unavailable')
  expect(failures).toEqual([])
})
