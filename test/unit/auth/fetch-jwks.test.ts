import { afterEach, beforeEach, expect, test } from 'vitest'
import { jwksFetch } from '../../../src/auth/fetch-jwks.ts'
import { JwksServer } from './jwks-server.ts'

let server: JwksServer
beforeEach(async () => {
  server = await JwksServer.start()
})
afterEach(async () => server.stop())

const { signal } = new AbortController()

test('asks with a GET for JSON, without anything of a client', async () => {
  const asked = Promise.withResolvers<string>()
  server.answer = ({ method, url, headers }, response) => {
    asked.resolve(`${method} ${url} ${headers.accept}`)
    response.end('text')
  }
  expect(await jwksFetch(server.url)(signal)).toBe('text')
  expect(await asked.promise).toBe('GET /jwks.json application/jwk-set+json, application/json')
})

test.each([
  'http://id.example/jwks',
  'http://10.0.0.1/jwks',
  'http://127.0.0.1.example/jwks',
  'http://localhost.example/jwks',
  'http://[::ffff:10.0.0.1]/jwks',
])('does not take keys in clear text from %s', (url) => {
  expect(() => jwksFetch(new URL(url))).toThrow('https only')
})

test.each(['https://id.example/jwks', 'http://localhost:1/jwks', 'http://[::1]:1/jwks'])(
  'may ask %s',
  (url) => {
    expect(jwksFetch(new URL(url))).toBeTypeOf('function')
  },
)

test('waits five seconds for a whole answer, and no longer', { timeout: 10_000 }, async () => {
  server.answer = (_, response) => response.write('{')
  const started = performance.now()
  await expect(jwksFetch(server.url)(signal)).rejects.toThrow('no whole answer in 5000 ms')
  expect(performance.now() - started).toBeLessThan(7_000)
})

test('stops when it is told to', async () => {
  const controller = new AbortController()
  const asked = server.request()
  const fetched = jwksFetch(server.url)(controller.signal)
  await asked
  controller.abort(new Error('enough'))
  await expect(fetched).rejects.toThrow('enough')
})
