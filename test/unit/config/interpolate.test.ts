import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Sources } from '../../../src/config/interpolate.ts'
import {
  interpolate,
  isOneReference,
  readPlain,
  referencedFiles,
  referenceNames,
} from '../../../src/config/interpolate.ts'
import { anyText } from '../../support/any-text.ts'

const files = new Map([
  ['/run/secrets/x', 's3cret\n'],
  ['crlf', 'a\r\nb\r\n'],
  ['two', 'a\n\n'],
])

const sources: Sources = {
  env: { NAME: 'value', EMPTY: '', NESTED: '${NAME}', _1: 'underscore' },
  file: (path) => {
    const text = files.get(path)
    if (text === undefined) throw new Error('does not exist')
    return text
  },
}

test.each([
  ['${NAME}', 'value'],
  ['a-${NAME}-${_1}', 'a-value-underscore'],
  ['${EMPTY}', ''],
  ['${UNSET:-default}', 'default'],
  ['${EMPTY:-default}', 'default'],
  ['${NAME:-default}', 'value'],
  ['${UNSET:-}', ''],
  ['${UNSET:-http://a:1/x y}', 'http://a:1/x y'],
  ['${file:/run/secrets/x}', 's3cret'],
  ['${file:crlf}', 'a\r\nb'],
  ['${file:two}', 'a\n'],
  ['$NAME $ {NAME} $', '$NAME $ {NAME} $'],
])('%j becomes %j', (text, value) => {
  expect(interpolate(text, sources)).toBe(value)
})

test('what a reference brings is not looked at again', () => {
  expect(interpolate('${NESTED}', sources)).toBe('${NAME}')
})

test.each([
  ['${UNSET}', '${UNSET}, which is not set'],
  ['${toString}', '${toString}, which is not set'],
  ['${file:gone}', '${file:gone}, which does not exist'],
  ['${', 'an incomplete reference'],
  ['${NAME', 'an incomplete reference'],
  ['${}', 'an incomplete reference'],
  ['${ NAME }', 'an incomplete reference'],
  ['${1A}', 'an incomplete reference'],
  ['${A-b}', 'an incomplete reference'],
  ['${NAME-default}', 'an incomplete reference'],
  ['${file:}', 'an incomplete reference'],
  ['${UNSET:-${NAME}}', 'a reference inside a default'],
  ['${NAME:-a-${UNSET:-b}-c}', 'a reference inside a default'],
  ['${UNSET:-${file:/run/secrets/x}}', 'a reference inside a default'],
  ['${UNSET:-${NAME', 'a reference inside a default'],
  ['${file:/run/${NAME}}', 'a reference inside a path'],
])('refuses %j', (text, found) => {
  expect(() => interpolate(text, sources)).toThrow(expect.objectContaining({ found }))
})

test('names references without their defaults', () => {
  expect(referenceNames('x${A:-secret}y${file:p}')).toBe('${A} and ${file:p}')
})

test('knows the files that a text names', () => {
  expect(referencedFiles('${file:a} ${A:-file:b} ${file:c d}')).toEqual(['a', 'c d'])
})

test.each([
  ['${A}', true],
  ['${A:-b}', true],
  [' ${A}', false],
  ['${A}${B}', false],
  ['A', false],
])('%j is one reference: %s', (text, one) => {
  expect(isOneReference(text)).toBe(one)
})

test.each([
  ['8443', 8443],
  ['-1.5e3', -1500],
  ['0x10', 16],
  ['0o17', 15],
  ['true', true],
  ['False', false],
  ['', ''],
  ['null', 'null'],
  ['~', '~'],
  ['yes', 'yes'],
  ['[1]', '[1]'],
  ['{a: 1}', '{a: 1}'],
  ['"1"', '"1"'],
  ['.inf', '.inf'],
  ['1 # one', '1 # one'],
])('%j is read as %j', (text, value) => {
  expect(readPlain(text)).toBe(value)
})

test('a text without a reference stays as it is', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!text.includes('${'))
      expect(interpolate(text, sources)).toBe(text)
    }),
  )
})

test('any value arrives as it is, between any texts', () => {
  const plain = fc.string().filter((text) => !text.includes('$'))
  fc.assert(
    fc.property(plain, anyText(), plain, (before, value, after) => {
      expect(interpolate(`${before}\${V}${after}`, { ...sources, env: { V: value } })).toBe(
        `${before}${value}${after}`,
      )
    }),
  )
})

test('a plain value is a number, a boolean or the text itself', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.json()), (text) => {
      const value = readPlain(text)
      if (typeof value === 'string') expect(value).toBe(text)
      else expect(['number', 'boolean']).toContain(typeof value)
    }),
  )
})
