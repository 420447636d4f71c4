import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recorder } from './corpus/http-upstream.ts'
import type { Recorder } from './corpus/http-upstream.ts'
import { targets } from './corpus/paths-targets.ts'

let upstream: Recorder
let gateway: RunningGateway

beforeAll(async () => {
  upstream = await recorder()
  gateway = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [
      {
        name: 'private',
        match: { path: '/private/*' },
        clients: { allow: ['192.0.2.1'] },
        proxy: 'app',
      },
      { name: 'public', match: { path: '/public/*' }, proxy: 'app' },
      { name: 'named', match: { host: ['app.example', '*.sub.example'] }, proxy: 'app' },
      { name: 'rest', proxy: 'app' },
    ],
  })
})

afterAll(() => {
  gateway.stop()
  upstream.close()
})

const answers = {
  forwarded: [200, 'ok'],
  denied: [403, 'address-denied\n'],
  ambiguous: [400, 'path-ambiguous\n'],
} as const

async function send(bytes: string): Promise<{ answer: [number, string]; seen: string[] }> {
  const before = upstream.requests.length
  const client = await RawClient.connect(gateway.port())
  client.send(bytes)
  const { status, body } = await client.answer()
  client.destroy()
  expect(upstream.faults).toEqual([])
  return { answer: [status, body], seen: upstream.requests.slice(before).map(({ start }) => start) }
}

describe('a path', () => {
  test.each(targets)('%s', async (_, target, outcome) => {
    expect(await send(`GET ${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).toEqual({
      answer: answers[outcome],
      seen: outcome === 'forwarded' ? [`GET ${target}`] : [],
    })
  })
})

describe('a path in absolute-form', () => {
  test.each(targets)('%s', async (_, target, outcome) => {
    expect(await send(`GET http://a.example${target} HTTP/1.1\r\nHost: a.example\r\n\r\n`)).toEqual(
      {
        answer: answers[outcome],
        seen: outcome === 'forwarded' ? [`GET ${target}`] : [],
      },
    )
  })
})

describe('a path of an upgrade', () => {
  const refused = targets.filter(([, , outcome]) => outcome !== 'forwarded')
  test.each(refused)('%s', async (_, target, outcome) => {
    expect(await send(upgradeHead(target))).toEqual({ answer: answers[outcome], seen: [] })
  })
})

test.each([
  ['app.example', 'named'],
  ['APP.EXAMPLE', 'named'],
  ['app.example.', 'named'],
  ['app.example:8080', 'named'],
  ['App.Example.:1', 'named'],
  ['a.sub.example', 'named'],
  ['A.B.SUB.Example.', 'named'],
  ['sub.example', 'rest'],
  ['xsub.example', 'rest'],
  ['app.example.org', 'rest'],
  ['xapp.example', 'rest'],
  ['x.app.example', 'rest'],
])('the Host %s finds the route %s', async (host, route) => {
  const path = `/host-${host.replaceAll(/[.:]/g, '-').toLowerCase()}-${host.length}`
  await send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
  expect((await gateway.log.line('request', { path })).route).toBe(route)
})
