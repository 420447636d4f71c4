import { expect, test } from 'vitest'
import { readFlags, variableOf } from '../../../src/cli/flags.ts'

const specs = {
  to: { kind: 'text', describe: '' },
  'log-format': { kind: 'text', describe: '', choices: ['auto', 'json'] },
  origin: { kind: 'list', describe: '' },
  'tls-self-signed': { kind: 'switch', describe: '' },
} as const

test('a flag has a variable', () => {
  expect(variableOf('tls-self-signed')).toBe('DRAWBRIDGE_TLS_SELF_SIGNED')
})

test('takes what was typed', () => {
  const { values, sources } = readFlags(
    specs,
    { to: 'tcp://a:1', origin: ['https://a', 'https://b,https://c'], 'tls-self-signed': true },
    {},
  )
  expect(values).toEqual({
    to: 'tcp://a:1',
    origin: ['https://a', 'https://b', 'https://c'],
    'tls-self-signed': true,
  })
  expect(sources).toMatchObject({ to: '--to', origin: '--origin' })
})

test('takes what the environment has, and knows that it came from there', () => {
  const { values, sources } = readFlags(
    specs,
    {},
    { DRAWBRIDGE_TO: 'tcp://a:1', DRAWBRIDGE_ORIGIN: 'https://a https://b' },
  )
  expect(values).toEqual({ to: 'tcp://a:1', origin: ['https://a', 'https://b'] })
  expect(sources).toEqual({ to: 'DRAWBRIDGE_TO', origin: 'DRAWBRIDGE_ORIGIN' })
})

test('a flag beats its variable', () => {
  const { values } = readFlags(
    specs,
    { to: 'tcp://a:1', 'tls-self-signed': false },
    { DRAWBRIDGE_TO: 'tcp://b:2', DRAWBRIDGE_TLS_SELF_SIGNED: 'true' },
  )
  expect(values).toEqual({ to: 'tcp://a:1', 'tls-self-signed': false })
})

test('an empty variable is an unset one', () => {
  const { values, sources } = readFlags(specs, {}, { DRAWBRIDGE_TO: '', DRAWBRIDGE_ORIGIN: '' })
  expect([values, sources]).toEqual([{}, {}])
})

test('variables that name no flag are not read', () => {
  const env = { DRAWBRIDGE_PORT: 'tcp://10.0.0.1:80', DRAWBRIDGE_SERVICE_HOST: '10.0.0.1' }
  expect(readFlags(specs, {}, env).values).toEqual({})
})

test.each([
  ['true', true],
  ['1', true],
  ['YES', true],
  ['false', false],
  ['0', false],
  ['off', false],
])('a switch takes %s from its variable', (text, value) => {
  const { values } = readFlags(specs, {}, { DRAWBRIDGE_TLS_SELF_SIGNED: text })
  expect(values['tls-self-signed']).toBe(value)
})

test.each([
  [{ to: ['a', 'b'] }, {}, '--to: given more than once'],
  [{ to: '' }, {}, '--to: needs a value'],
  [{ origin: [''] }, {}, '--origin: needs a value'],
  [{ 'log-format': 'xml' }, {}, '--log-format: found "xml", expected auto, json'],
  [{}, { DRAWBRIDGE_LOG_FORMAT: 'xml' }, 'DRAWBRIDGE_LOG_FORMAT: found "xml"'],
  [{}, { DRAWBRIDGE_TLS_SELF_SIGNED: 'maybe' }, 'expected true or false'],
])('refuses %j with %j', (typed, env, message) => {
  expect(() => readFlags(specs, typed, env)).toThrow(message)
})
