import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { HttpLookup } from '../../../../src/upstream/targets/http-lookup.ts'
import { httpServer, rawServer } from '../../../support/peers.ts'
import type { Peer } from '../../../support/peers.ts'
import { find, lookupSuite } from './lookup-suite.ts'

let server: Peer
let lookup: HttpLookup
const stored = new Map<string, string>()
const asked: string[] = []
let answer: ((response: ServerResponse, token: string) => void) | undefined

beforeAll(async () => {
  server = await httpServer(({ url = '', method, headers }, response) => {
    asked.push(`${method} ${url} ${headers.accept}`)
    const token = decodeURIComponent(url.replace('/targets/', '').replace('?v=1', ''))
    const value = stored.get(token)
    if (answer !== undefined) answer(response, token)
    else if (value === undefined) response.writeHead(404).end('no such token')
    else response.end(JSON.stringify({ host: value }))
  })
})
beforeEach(() => {
  stored.clear()
  asked.length = 0
  answer = undefined
  lookup = new HttpLookup({ url: urlOf(server), timeout: 5_000 })
})
afterEach(() => lookup.close())
afterAll(() => server.close())

function urlOf({ port }: Peer): string {
  return `http://127.0.0.1:${port}/targets/{token}?v=1`
}

lookupSuite('a server', {
  lookup: () => lookup,
  store: async (token, value) => void stored.set(token, value),
  remove: async (token) => void stored.delete(token),
  fail: async () => {
    answer = (response) => response.writeHead(503).end()
  },
})

describe('a server that is asked about a token', () => {
  test('gets it percent-encoded, in a GET', async () => {
    await find(lookup, "a/b?c=d&e#f %41é'$&")
    expect(asked).toEqual([
      "GET /targets/a%2Fb%3Fc%3Dd%26e%23f%20%2541%C3%A9'%24%26?v=1 application/json",
    ])
  })

  test('is not asked about a step up', async () => {
    await find(lookup, '..')
    await find(lookup, '.')
    expect(asked).toEqual([])
  })

  test.each([
    ['{"host": "10.0.0.1", "port": 5900}', '10.0.0.1:5900'],
    ['{"host": "10.0.0.1", "port": "5900", "more": true}', '10.0.0.1:5900'],
    ['{"host": "2001:db8::1", "port": 5900}', '[2001:db8::1]:5900'],
    ['{"port": 5900}', 'target-unavailable'],
    ['{"host": "10.0.0.1"}', 'target-unavailable'],
    ['<html>', 'target-unavailable'],
    ['', 'target-unavailable'],
    [`{"host": "10.0.0.1", "port": 5900, "x": "${'x'.repeat(20_000)}"}`, 'target-unavailable'],
  ])('and answers 200 with %.60s', async (body, found) => {
    answer = (response) => response.end(body)
    expect(await find(lookup, 'a-token')).toBe(found)
  })

  test.each([204, 301, 302, 307, 400, 401, 403, 500])('and answers %i', async (status) => {
    answer = (response, token) =>
      response
        .writeHead(status, { location: `http://127.0.0.1:${server.port}/other/${token}` })
        .end()
    expect(await find(lookup, 'a-token')).toBe('target-unavailable')
    expect(asked).toHaveLength(1)
  })

  test('and resets the connection', async () => {
    answer = (response) => response.destroy()
    expect(await find(lookup, 'a-token')).toBe('target-unavailable')
  })

  test('and says something else than HTTP', async () => {
    const other = await rawServer((socket) => socket.end('+PONG\r\n'))
    const broken = new HttpLookup({ url: urlOf(other), timeout: 5_000 })
    expect(await find(broken, 'a-token')).toBe('target-unavailable')
    broken.close()
    other.close()
  })

  test.each(['no byte', 'half an answer'])('and sends %s in time', async (what) => {
    answer = (response) => {
      if (what === 'half an answer') response.write('{"host": "10.0.0.1"')
    }
    const hasty = new HttpLookup({ url: urlOf(server), timeout: 30 })
    expect(await find(hasty, 'a-token')).toBe('target-unavailable')
    hasty.close()
  })

  test('and nobody waits for any more: the question is taken back', async () => {
    const gone = new AbortController()
    const closed = Promise.withResolvers<void>()
    answer = (response) => {
      once(response, 'close').then(() => closed.resolve(), closed.reject)
      gone.abort(new Error('gone'))
    }
    await expect(lookup.find('a-token', gone.signal)).rejects.toThrow('gone')
    await closed.promise
  })
})
