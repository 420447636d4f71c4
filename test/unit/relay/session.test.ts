import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { Session } from '../../../src/relay/session.ts'
import { facts } from './rig.ts'

const draining = new GatewayError('draining', 'because')

test('hands what it is asked to what carries it', () => {
  const session = new Session(facts, 'websocket')
  const asked: unknown[] = []
  session.attach((error, options) => asked.push([error, options]))
  session.close(draining)
  session.close(draining, { within: 5 })
  expect(asked).toEqual([
    [draining, {}],
    [draining, { within: 5 }],
  ])
})

test('remembers the first that it was asked before there was anybody', () => {
  const session = new Session(facts, 'bridge')
  session.close(draining, { within: 7 })
  session.close(new GatewayError('lifetime', 'later'))
  const asked: unknown[] = []
  session.attach((error, options) => asked.push([error, options]))
  expect(asked).toEqual([[draining, { within: 7 }]])
})

test('starts at nothing, now', () => {
  const session = new Session(facts, 'websocket')
  expect([session.received, session.sent]).toEqual([
    { messages: 0, bytes: 0 },
    { messages: 0, bytes: 0 },
  ])
  expect(session.durationMs).toBeLessThan(5_000)
})
