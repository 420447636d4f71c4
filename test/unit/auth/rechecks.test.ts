import { beforeEach, describe, expect, test } from 'vitest'
import type { Authenticator } from '../../../src/auth/authenticator.ts'
import { Rechecks } from '../../../src/auth/rechecks.ts'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { attempt } from './attempts.ts'
import { identity } from './identities.ts'

interface Question {
  readonly answer: (holds: boolean, expiresAt?: number) => void
  readonly fail: (token: Token) => void
}

let questions: Question[]
let warnings: string[]
let rechecks: Rechecks
let began: number

const unasked: Authenticator = {
  name: 'unasked',
  kind: 'forward',
  challenge: undefined,
  places: [],
  authenticate: async () => undefined,
}
const asked: Authenticator = {
  ...unasked,
  name: 'asked',
  recheck: async () =>
    await new Promise((resolve, reject) => {
      const fail = (token: Token): void => reject(new GatewayError(token, 'said so'))
      const answer = (holds: boolean, expiresAt = Infinity): void =>
        resolve(holds ? identity({ authenticator: 'asked', expiresAt }) : undefined)
      questions.push({ answer, fail })
    }),
}

function make(intervalMs = 1000): void {
  questions = []
  warnings = []
  rechecks = new Rechecks({
    intervalMs,
    authenticators: new Map([
      ['asked', asked],
      ['unasked', unasked],
    ]),
    warn: (detail) => warnings.push(detail),
  })
  began = performance.now()
}
beforeEach(() => make())

/** Watches a session. */
function watch(authenticator = 'asked'): {
  ended: string[]
  renewed: number[]
  leave: () => void
} {
  const ended: string[] = []
  const renewed: number[] = []
  const leave = rechecks.watch(identity({ authenticator }), attempt(), {
    end: (error) => ended.push(error.token),
    renew: (expiresAt) => renewed.push(expiresAt),
  })
  return { ended, renewed, leave }
}

test('tells a session when its login ends by now, sooner or later than before', async () => {
  const { renewed } = watch()
  later(1)
  questions[0]!.answer(true, 5000)
  await heard()
  expect(renewed).toEqual([5000])
})

/** Lets what was answered be heard. */
const heard = async (): Promise<void> => {
  await new Promise((resolve) => setImmediate(resolve))
}
const later = (seconds: number): void => rechecks.tick(began + seconds * 1000 + 500)

test('asks when the interval is over, and not before', () => {
  watch()
  rechecks.tick(began + 900)
  expect(questions).toHaveLength(0)
  later(1)
  later(2)
  expect(questions).toHaveLength(1)
})

test('asks again after an answer', async () => {
  const { ended } = watch()
  later(1)
  questions[0]!.answer(true)
  await heard()
  later(9)
  expect(questions).toHaveLength(2)
  expect(ended).toEqual([])
})

describe('a login that is over ends its session', () => {
  test.each<[string, (question: Question) => void, Token]>([
    ['by a no', ({ answer }) => answer(false), 'session-revoked'],
    ['by a 401', ({ fail }) => fail('credentials-invalid'), 'session-revoked'],
    ['by a 403', ({ fail }) => fail('permission-missing'), 'session-revoked'],
    ['by its time', ({ fail }) => fail('credentials-expired'), 'session-expired'],
  ])('%s', async (_, answer, token) => {
    const { ended } = watch()
    later(1)
    answer(questions[0]!)
    await heard()
    expect(ended).toEqual([token])
    later(9)
    expect(questions).toHaveLength(1)
  })
})

test('where nobody answers the session goes on, is asked about again, and it is told', async () => {
  const { ended } = watch()
  later(1)
  questions[0]!.fail('auth-unavailable')
  await heard()
  expect(ended).toEqual([])
  expect(warnings).toEqual(['asked: said so'])
  later(9)
  expect(questions).toHaveLength(2)
})

test('asks about no session that has ended, whether it waits or is being asked about', async () => {
  const [waiting, asking] = [watch(), watch()]
  waiting.leave()
  later(1)
  expect(questions).toHaveLength(1)
  asking.leave()
  questions[0]!.answer(false)
  await heard()
  later(9)
  expect(asking.ended).toEqual([])
  expect(questions).toHaveLength(1)
})

test('asks a few at a time', async () => {
  for (let count = 0; count < 50; count++) watch()
  later(1)
  expect(questions).toHaveLength(20)
  for (const question of questions.slice(0, 5)) question.answer(true)
  await heard()
  later(1)
  expect(questions).toHaveLength(25)
})

test('asks nobody who cannot be asked, and not at all where that is off', () => {
  watch('unasked')
  watch('unknown')
  make(Infinity)
  watch()
  later(1e9)
  expect(questions).toHaveLength(0)
})

test('lets go of everything at the end', async () => {
  const { ended } = watch()
  later(1)
  watch()
  rechecks.destroy()
  questions[0]!.answer(false)
  await heard()
  later(9)
  expect(questions).toHaveLength(1)
  expect(ended).toEqual([])
})
