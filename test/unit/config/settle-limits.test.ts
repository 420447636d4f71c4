import { expect, test } from 'vitest'
import { complaints, edge, load, routes } from './config-text.ts'

async function limits(written: string, route = '') {
  const { config } = await load(
    `${edge}routes: [{ proxy: app, ${route} }]\nlimits: { ${written} }\n`,
  )
  return { global: config.limits, route: config.routes[0]!.limits }
}

const rate = (count: number, perMs = 1000, burst = count, over = 'throttle') => ({
  rate: { count, perMs },
  burst,
  over,
})
const none = rate(Infinity)

test.each([
  ['50/s', rate(50), rate(50)],
  ['none', none, none],
  ['{ max: 5/m, over: close }', rate(5, 60_000, 1, 'close'), rate(5, 60_000, 1, 'close')],
  ['{ fromClient: 5/s }', rate(5), none],
  ['{ fromUpstream: { max: 5/s, burst: 9, over: log } }', none, rate(5, 1000, 9, 'log')],
  ['{ fromClient: 5/s, fromUpstream: 6/s }', rate(5), rate(6)],
])('a message rate of %s', async (written, fromClient, fromUpstream) => {
  const { global } = await limits(`messageRate: ${written}`)
  expect(global.messageRate).toEqual({ fromClient, fromUpstream })
})

test.each([
  ['1MiB/s', rate(2 ** 20), rate(2 ** 20)],
  ['{ max: 60KiB/m, burst: 4KiB }', rate(61_440, 60_000, 4096), rate(61_440, 60_000, 4096)],
  ['{ fromClient: { max: 1KiB/s, over: close } }', rate(1024, 1000, 1024, 'close'), none],
])('a byte rate of %s', async (written, fromClient, fromUpstream) => {
  const { global } = await limits(`byteRate: ${written}`)
  expect(global.byteRate).toEqual({ fromClient, fromUpstream })
})

test.each([
  ['64KiB', [65_536, 65_536], ['close', 'close']],
  ['{ max: 64KiB, over: log }', [65_536, 65_536], ['log', 'log']],
  ['{ fromClient: { max: 1KiB, over: log } }', [1024, Infinity], ['log', 'close']],
  ['{ fromUpstream: { max: 1KiB, over: log } }', [2 ** 20, 1024], ['close', 'log']],
])('a message limit of %s', async (written, sizes, over) => {
  const { global } = await limits(`message: ${written}`)
  expect(Object.values(global.message)).toEqual(sizes)
  expect(Object.values(global.messageOver)).toEqual(over)
})

test('a route takes from the global limits what it does not say itself', async () => {
  const { route } = await limits(
    'message: { max: 1KiB, over: log }, messageRate: 5/s, byteRate: 1KiB/s, sessions: 7, sessionsPerClient: 3',
    'limits: { message: { fromClient: 2KiB }, messageRate: { fromUpstream: none }, sessions: none, sessionsPerIdentity: 1 }',
  )
  expect(route).toMatchObject({
    message: { fromClient: 2048, fromUpstream: 1024 },
    messageOver: { fromClient: 'close', fromUpstream: 'log' },
    messageRate: { fromClient: rate(5), fromUpstream: none },
    byteRate: { fromClient: rate(1024), fromUpstream: rate(1024) },
    sessions: Infinity,
    sessionsPerClient: 3,
    sessionsPerIdentity: 1,
  })
})

test('a route’s own is what it writes, whatever the global limit is', async () => {
  const { route } = await limits(
    'sessionsPerClient: 3, sessionsPerIdentity: 3',
    'limits: { sessionsPerClient: 3 }',
  )
  expect(route).toMatchObject({ sessionsPerClient: 3, sessionsPerIdentity: 3 })
  expect(route.own).toEqual({ sessionsPerClient: true, sessionsPerIdentity: false })
})

const mapping = 'expected a rate such as 50/s, none, or a mapping with max, burst and over'

/** A mistake in a mapping of several forms is told from the form that was meant. */
test.each([
  [
    'messageRate: 1MiB/s',
    `messageRate: found 1MiB/s, expected a rate such as 50/s, 10/m or 100/h, or none`,
  ],
  ['messageRate: 5', `messageRate: found 5, ${mapping}, or with fromClient and fromUpstream`],
  [
    'messageRate: { max: fast, over: log }',
    'messageRate.max: found fast, expected a rate such as 50/s, 10/m or 100/h, or none',
  ],
  [
    'messageRate: { max: 5/s, over: shout }',
    'messageRate.over: found shout, expected throttle, close or log',
  ],
  [
    'messageRate: { max: 5/s, bursts: 5 }',
    'messageRate.bursts: found an unknown key, expected burst',
  ],
  ['messageRate: { maxx: 5/s }', 'messageRate.maxx: found an unknown key, expected max'],
  [
    'messageRate: { fromCleint: 5/s }',
    'messageRate.fromCleint: found an unknown key, expected fromClient',
  ],
  ['messageRate: { fromClient: 5 }', `messageRate.fromClient: found 5, ${mapping}`],
  [
    'messageRate: { fromClient: { max: 5/s, burst: 0 } }',
    'messageRate.fromClient.burst: found 0, expected a whole number above 0',
  ],
  ['byteRate: 50/s', 'byteRate: found 50/s, expected a rate such as 64KiB/s or 10MiB/m, or none'],
  [
    'byteRate: { max: 1KiB/s, burst: 5 }',
    'byteRate.burst: found 5, expected a size above 0 such as 64KiB',
  ],
  ['message: { max: 1KiB, over: throttle }', 'message.over: found throttle, expected close or log'],
  ['sessions: 0', 'sessions: found 0, expected none or a whole number above 0'],
  ['sessionsPerClient: -1', 'sessionsPerClient: found -1, expected none or a whole number above 0'],
  [
    'sessionsPerIdentity: many',
    'sessionsPerIdentity: found many, expected none or a whole number above 0',
  ],
])('limits: { %s }', async (written, told) => {
  expect(await complaints(`${edge}${routes}limits: { ${written} }\n`)).toEqual([`limits.${told}`])
})

test('admission and sessions', async () => {
  const { config } = await load(
    `${edge}${routes}admission: { requestsPerClient: 5/s, memory: 1GiB }\nsessions: { recheck: 5m, grace: 10s }\n`,
  )
  expect(config.admission).toMatchObject({
    requestsPerClient: { count: 5, perMs: 1000 },
    memory: 2 ** 30,
  })
  expect(config.sessions).toEqual({ recheck: 300_000, grace: 10_000 })
  expect(
    await complaints(
      `${edge}${routes}admission: { memory: 80% }\nsessions: { recheck: 0s, grace: 5 }\n`,
    ),
  ).toEqual([
    'admission.memory: found 80%, expected auto, a size such as 512B, 64KiB, 1MiB or 2GiB, or none',
    'sessions.recheck: found 0s, expected a duration such as 500ms, 10s, 5m or 1h, above 0 and at most 596h, or none',
    'sessions.grace: found 5, expected a duration such as 500ms, 10s, 5m or 1h, at most 596h, or none',
  ])
})
