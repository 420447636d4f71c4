import { expect, test } from 'vitest'
import { complaints, edge, load, routes } from './config-text.ts'

const unsupported = 'found a key that is not supported yet, expected none'

test.each([
  ['workers: auto', 'workers: found auto, expected 1: anything else is not supported yet'],
  ['admin: { token: hunter2 }', `admin: ${unsupported}`],
  [
    'drain: { delay: 5s }',
    'drain.delay: found 5s, expected 0s: anything else is not supported yet',
  ],
  [
    'drain: { window: 15s }',
    'drain.window: found 15s, expected 0s: anything else is not supported yet',
  ],
  [
    'drain: { code: 1012 }',
    'drain.code: found 1012, expected 1001: anything else is not supported yet',
  ],
])('is not built yet: %s', async (section, message) => {
  expect(await complaints(`${edge}${routes}${section}\n`)).toEqual([message])
})

test.each([
  [
    'http2: true',
    'listeners.edge.http2: found true, expected false: anything else is not supported yet',
  ],
])('is not built yet on a listener: %s', async (key, message) => {
  expect(await complaints(edge.replace('bind:', `${key}, bind:`) + routes)).toEqual([message])
})

test('what means what this build does anyway is accepted, and leaves no trace', async () => {
  const { config } = await load(`
workers: 1
listeners: { edge: { bind: "127.0.0.1:0", http2: false } }
admission: { memory: auto, requestsPerClient: none }
authenticators: {}
upstreams: { app: { servers: [{ url: "http://app", weight: 1 }], balance: round-robin } }
routes: [{ proxy: app, refuse: status, identity: { headers: {} }, limits: { byteRate: none } }]
limits: { messageRate: none, byteRate: none, sessions: none, sessionsPerClient: none, sessionsPerIdentity: none }
sessions: { recheck: none, grace: 0s }
drain: { delay: 0s, window: 0s, code: 1001 }
`)
  expect(config).toStrictEqual((await load(edge + routes)).config)
})
