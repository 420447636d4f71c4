import { expect, test } from 'vitest'
import { faults, GatewayError } from '../../src/errors.ts'
import type { Fault } from '../../src/errors.ts'

const all: [string, Fault][] = Object.entries(faults)

/** Nothing is spoken yet on such a connection. */
const untold = 'proxy-header-invalid'

test.each(all)('%s can be told to somebody, with a code of its kind', (token, fault) => {
  const { status, client, upstream, retryAfter } = fault
  const isTold = [status, client, upstream].some((code) => code !== undefined)
  expect(isTold).toBe(token !== untold)
  if (status !== undefined) expect(status >= 400 && status <= 599).toBe(true)
  for (const code of [client, upstream]) {
    // 1005 and 1006 never stand in a frame (RFC 6455 section 7.4.1).
    const codes = [1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 3000]
    if (code !== undefined) expect(codes).toContain(code)
  }
  if (retryAfter !== undefined) expect([429, 503]).toContain(status)
})

test('the codes are those of the token', () => {
  const error = new GatewayError('message-too-big', 'over 1 MiB')
  expect(error).toMatchObject({ name: 'GatewayError', clientCode: 1009, upstreamCode: 1001 })
  expect(error.fault).toBe(faults['message-too-big'])
})

test('an upstream that broke a rule may get another code; the client never sees it', () => {
  const error = new GatewayError('upstream-invalid', 'too big', { upstreamCode: 1009 })
  expect(error).toMatchObject({ clientCode: 1011, upstreamCode: 1009 })
})

test('a side whose connection is cut has no code', () => {
  expect(new GatewayError('client-stalled', 'takes nothing').clientCode).toBeUndefined()
  expect(new GatewayError('upstream-stalled', 'takes nothing').upstreamCode).toBeUndefined()
})

test('from: a GatewayError stays what it is', () => {
  const error = new GatewayError('idle', 'no data')
  expect(GatewayError.from(error)).toBe(error)
})

test.each([
  ['an Error', new TypeError('x is not a function'), 'x is not a function'],
  ['a text', 'thrown', 'thrown'],
  ['nothing', undefined, 'undefined'],
])('from: %s is internal, and kept as the cause', (_, thrown, message) => {
  expect(GatewayError.from(thrown)).toMatchObject({ token: 'internal', message, cause: thrown })
})
