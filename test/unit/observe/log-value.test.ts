import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { printableFields } from '../../../src/observe/log-value.ts'

test('keeps plain values and leaves out what is undefined', () => {
  const fields = { id: 'a', port: 8443, open: true, none: null, missing: undefined }
  expect(printableFields(fields)).toEqual({ id: 'a', port: 8443, open: true, none: null })
  expect(Object.keys(printableFields(fields))).not.toContain('missing')
})

test('cuts texts after 1 kB, at any depth', () => {
  const long = 'x'.repeat(5000)
  const printable = printableFields({ path: long, received: { reason: long }, list: [long] })
  const cut = `${'x'.repeat(1024)}…`
  expect(printable).toEqual({ path: cut, received: { reason: cut }, list: [cut] })
})

test('bounds depth and number of entries', () => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`k${index}`, index]))
  expect(Object.keys(printableFields(many))).toHaveLength(64)
  const cyclic: Record<string, unknown> = {}
  cyclic['self'] = cyclic
  expect(JSON.stringify(printableFields(cyclic))).toContain('[nested]')
})

test('shows the numbers that JSON cannot', () => {
  expect(printableFields({ limit: Infinity, big: 10n })).toEqual({ limit: 'Infinity', big: '10' })
})

test('hides what stands under the name of a credential, in any case', () => {
  const printable = printableFields({
    Authorization: 'Basic eA==',
    request: { headers: ['cookie', 'x'] },
  })
  expect(printable).toEqual({ Authorization: '[redacted]', request: { headers: '[redacted]' } })
})

test('asks values how they want to be shown', () => {
  const secret = { toJSON: () => '[redacted]', value: 'hunter2' }
  expect(printableFields({ secret: 1, key: secret })).toEqual({
    secret: '[redacted]',
    key: '[redacted]',
  })
})

test('an expected failure has its token and its causes, and no stack', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const error = new GatewayError('upstream-unreachable', 'no server answered', { cause: refused })
  expect(printableFields({ err: error })).toEqual({
    err: {
      type: 'GatewayError',
      token: 'upstream-unreachable',
      message: 'no server answered',
      causes: ['connect ECONNREFUSED'],
    },
  })
})

test('every address that was tried is a cause', () => {
  const cause = new AggregateError([new Error('::1 refused'), new Error('127.0.0.1 refused')], '')
  const error = new GatewayError('upstream-unreachable', 'no server answered', { cause })
  expect(printableFields({ err: error })['err']).toMatchObject({
    causes: ['::1 refused', '127.0.0.1 refused'],
  })
})

test('a bug shows the stack of where it was thrown', () => {
  const bug = new TypeError('x is not a function')
  const printable = printableFields({ err: GatewayError.from(bug) })
  expect(printable['err']).toMatchObject({
    token: 'internal',
    stack: expect.stringMatching(/^TypeError: x/),
  })
})

test('properties that libraries hang on errors stay out', () => {
  const error = Object.assign(new Error('invalid header'), {
    code: 'UND_ERR',
    request: { auth: 'x' },
    body: 'y',
  })
  expect(printableFields({ err: error })['err']).toEqual({
    type: 'Error',
    code: 'UND_ERR',
    message: 'invalid header',
    stack: expect.any(String),
  })
})
