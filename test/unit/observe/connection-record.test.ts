import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import {
  logListening,
  logRefused,
  logRefusalSum,
  logRequest,
  logSessionClosed,
  logSessionOpened,
  type RefusalFacts,
  type SessionFacts,
} from '../../../src/observe/connection-record.ts'
import { createLogger } from '../../../src/observe/logger.ts'
import { LineOutput } from './line-output.ts'

const session: SessionFacts = {
  id: 'k3',
  listener: 'edge',
  route: 'chat',
  client: '192.0.2.7',
  host: 'app.example.com',
  path: '/chat',
  upstream: 'http://127.0.0.1:9001',
  subprotocol: 'chat.v1',
}
const refusal: RefusalFacts = {
  status: 403,
  id: 'k4',
  listener: 'edge',
  route: 'chat',
  client: '192.0.2.7',
  host: 'app.example.com',
  method: 'GET',
  path: '/chat',
  origin: 'https://evil.example',
}

/** What a function logs, with its fields in order and without the time. */
function logged(log: (logger: ReturnType<typeof createLogger>) => void): Record<string, unknown> {
  const output = new LineOutput()
  log(createLogger({ level: 'info', format: 'json', output }))
  expect(output.lines).toHaveLength(1)
  const { time: _, ...line } = output.lines[0]!
  return line
}

test('session opened', () => {
  const line = logged((logger) => logSessionOpened(logger, session))
  expect(Object.entries(line)).toEqual([
    ['level', 'info'],
    ...Object.entries(session),
    ['msg', 'session opened'],
  ])
})

test('session closed in good order', () => {
  const line = logged((logger) =>
    logSessionClosed(logger, session, {
      closedBy: 'client',
      code: 4001,
      reason: 'bye',
      error: undefined,
      expired: false,
      durationMs: 12.7,
      received: { messages: 1, bytes: 5 },
      sent: { messages: 2, bytes: 10 },
    }),
  )
  expect(Object.entries(line)).toEqual([
    ['level', 'info'],
    ...Object.entries(session),
    ['closedBy', 'client'],
    ['code', 4001],
    ['reason', 'bye'],
    ['durationMs', 13],
    ['received', { messages: 1, bytes: 5 }],
    ['sent', { messages: 2, bytes: 10 }],
    ['msg', 'session closed'],
  ])
})

test('a session that had to be cut says so', () => {
  const line = logged((logger) =>
    logSessionClosed(logger, session, {
      closedBy: 'upstream',
      code: 1000,
      reason: '',
      error: undefined,
      expired: true,
      durationMs: 5_000,
      received: { messages: 0, bytes: 0 },
      sent: { messages: 0, bytes: 0 },
    }),
  )
  expect(line).toMatchObject({ closedBy: 'upstream', code: 1000, expired: true })
})

test('session closed by a failure names its token and what an operator needs to know', () => {
  const line = logged((logger) =>
    logSessionClosed(logger, session, {
      closedBy: 'gateway',
      code: 1009,
      reason: 'message-too-big',
      error: new GatewayError('message-too-big', '70000 bytes, the limit is 65536'),
      expired: false,
      durationMs: 3,
      received: { messages: 0, bytes: 0 },
      sent: { messages: 0, bytes: 0 },
    }),
  )
  expect(line).toMatchObject({
    level: 'info',
    error: 'message-too-big',
    detail: '70000 bytes, the limit is 65536',
  })
})

test('a bug that ended a session is an error with what was thrown', () => {
  const line = logged((logger) =>
    logSessionClosed(logger, session, {
      closedBy: 'gateway',
      code: 1011,
      reason: 'internal',
      error: GatewayError.from(new TypeError('x is undefined')),
      expired: false,
      durationMs: 3,
      received: { messages: 0, bytes: 0 },
      sent: { messages: 0, bytes: 0 },
    }),
  )
  expect(line).toMatchObject({
    level: 'error',
    error: 'internal',
    err: { causes: ['x is undefined'] },
  })
})

test('request', () => {
  const facts = {
    id: 'k5',
    listener: 'edge',
    status: 200,
    route: 'app',
    client: '192.0.2.7',
    host: 'app.example.com',
    method: 'POST',
    path: '/items',
    upstream: 'http://127.0.0.1:9001',
    durationMs: 8,
    received: { bytes: 10 },
    sent: { bytes: 20 },
  }
  const line = logged((logger) => logRequest(logger, { ...facts, error: undefined }))
  expect(Object.entries(line)).toEqual([
    ['level', 'info'],
    ...Object.entries(facts),
    ['msg', 'request'],
  ])
})

test('refused', () => {
  const error = new GatewayError('origin-denied', 'not among the origins of the route')
  const line = logged((logger) => logRefused(logger, refusal, error))
  const { status, ...rest } = refusal
  expect(Object.entries(line)).toEqual([
    ['level', 'info'],
    ['status', status],
    ['error', 'origin-denied'],
    ...Object.entries(rest),
    ['detail', 'not among the origins of the route'],
    ['msg', 'refused'],
  ])
})

test('what an early refusal does not know is left out', () => {
  const nothing = { id: undefined, route: undefined, host: undefined, method: undefined }
  const early = { ...refusal, ...nothing, path: undefined, origin: undefined, status: 408 }
  const error = new GatewayError('head-timeout', '')
  const line = logged((logger) => logRefused(logger, early, error))
  expect(Object.keys(line)).toEqual(['level', 'status', 'error', 'listener', 'client', 'msg'])
})

test('refusals that were counted', () => {
  const line = logged((logger) => logRefusalSum(logger, 'client-limit', '192.0.2.0/24', 990))
  expect(Object.entries(line)).toEqual([
    ['level', 'info'],
    ['error', 'client-limit'],
    ['network', '192.0.2.0/24'],
    ['count', 990],
    ['msg', 'refused'],
  ])
})

test('listening', () => {
  const line = logged((logger) => logListening(logger, 'edge', { address: '0.0.0.0', port: 8443 }))
  expect(Object.entries(line)).toEqual([
    ['level', 'info'],
    ['listener', 'edge'],
    ['address', '0.0.0.0'],
    ['port', 8443],
    ['msg', 'listening'],
  ])
})
