import { expect, test } from 'vitest'
import { parseApiKeys } from '../../../src/config/api-keys.ts'

const [a, b, digits] = ['a'.repeat(64), 'B'.repeat(64), '1'.repeat(64)]

test('reads a list; a hash of digits is no number', () => {
  const text = `- { name: one, sha256: ${a} }\n- name: 2\n  sha256: ${digits}\n  expires: 2030-01-01\n`
  expect(parseApiKeys(text)).toEqual({
    keys: [
      { name: 'one', sha256: a, expiresAt: Infinity },
      { name: '2', sha256: digits, expiresAt: Date.parse('2030-01-01') },
    ],
    faults: [],
  })
})

test('reads a mapping of names, and JSON', () => {
  const mapping = `one: { sha256: ${b} }\ntwo: ${a}\n`
  const json = JSON.stringify({ one: { sha256: b }, two: a })
  for (const text of [mapping, json]) {
    expect(parseApiKeys(text)).toEqual({
      keys: [
        { name: 'one', sha256: b.toLowerCase(), expiresAt: Infinity },
        { name: 'two', sha256: a, expiresAt: Infinity },
      ],
      faults: [],
    })
  }
})

const hash = 'the SHA-256 of the key: 64 hex digits'

test.each([
  ['hunter2', 1, 'something else', 'a list of keys, or a mapping of their names'],
  ['', 1, 'something else', 'a list of keys, or a mapping of their names'],
  ['[]', 1, 'no key', 'at least one'],
  ['- hunter2', 1, 'an entry that is no mapping', 'a mapping with name and sha256'],
  [
    `\n- { sha256: ${a} }`,
    2,
    'an entry without a name',
    'a name of up to 128 printable characters',
  ],
  ['- { name: x }', 1, 'no hash', hash],
  ['- { name: x, sha256: hunter2 }', 1, 'no hash', hash],
  [`- { name: x, sha256: ${a}0 }`, 1, 'no hash', hash],
  ['x: hunter2', 1, 'no hash', hash],
  [`- name: x\n  key: hunter2`, 2, 'an unknown key', 'name, sha256, expires'],
  [`x:\n  name: y\n  sha256: ${a}`, 2, 'an unknown key', 'sha256, expires'],
  [
    `- { name: x, sha256: ${a} }\n- { name: x, sha256: ${b} }`,
    2,
    'a name a second time',
    'each name once',
  ],
  [
    `- { name: x, sha256: ${b} }\n- { name: y, sha256: ${b.toLowerCase()} }`,
    2,
    'the key of another entry',
    'a key of its own',
  ],
  [
    `- { name: x, sha256: ${a}, expires: 2030-02-30 }`,
    1,
    'an unreadable expires',
    'a date such as 2030-01-31 or 2030-01-31T12:00:00Z',
  ],
  [
    '- { name: "hunter2',
    1,
    'the end of a value too early',
    'a closing quote, bracket, colon or comma',
  ],
])('refuses %j', (text, line, found, expected) => {
  const { faults } = parseApiKeys(text)
  expect(faults).toEqual([{ line, found, expected }])
  expect(JSON.stringify(faults)).not.toContain('hunter2')
})
