import { expect, test } from 'vitest'
import { fitsName, parseName } from '../../../src/config/distinguished-name.ts'

test.each([
  ['one', 'CN=a', [{ type: 'CN', value: ['a'] }]],
  [
    'several',
    'cn=a,O=b c',
    [
      { type: 'CN', value: ['a'] },
      { type: 'O', value: ['b c'] },
    ],
  ],
  [
    'two of one RDN',
    'CN=a+UID=7',
    [
      { type: 'CN', value: ['a'] },
      { type: 'UID', value: ['7'] },
    ],
  ],
  ['blanks around', ' CN = a ', [{ type: 'CN', value: ['a'] }]],
  ['escaped separators', 'CN=a\\,O\\=b\\+c', [{ type: 'CN', value: ['a,O=b+c'] }]],
  ['an escaped blank at the end', 'CN=a\\  ', [{ type: 'CN', value: ['a '] }]],
  ['hex pairs as UTF-8', 'CN=J\\C3\\BCrgen', [{ type: 'CN', value: ['Jürgen'] }]],
  ['characters beyond ASCII', 'CN=日本', [{ type: 'CN', value: ['日本'] }]],
  [
    'an escaped backslash before a comma',
    'CN=a\\\\,O=b',
    [
      { type: 'CN', value: ['a\\'] },
      { type: 'O', value: ['b'] },
    ],
  ],
  ['an OID', '1.2.840.1=a', [{ type: '1.2.840.1', value: ['a'] }]],
  ['an empty value', 'CN=', [{ type: 'CN', value: [''] }]],
  ['a star that is one', 'CN=*', [{ type: 'CN', value: ['*'] }]],
])('reads a name: %s', (_, text, expected) => {
  expect(parseName(text, false)).toEqual(expected)
})

test.each([
  ['nothing', ''],
  ['no type', '=a'],
  ['no equals sign', 'CN'],
  ['an empty element', 'CN=a,,O=b'],
  ['a comma at the end', 'CN=a,'],
  ['a backslash at the end', 'CN=a\\'],
  ['half a hex pair', 'CN=a\\4'],
  ['a letter escaped', 'CN=\\x'],
  ['a type that is none', 'C_N=a'],
])('takes for no name: %s', (_, text) => {
  expect(parseName(text, true)).toBeUndefined()
})

test.each([
  ['a star', 'CN=device-*', 'CN=device-7', true],
  ['further attributes in the name', 'CN=device-*', 'CN=device-7,OU=x,O=Example', true],
  ['another order', 'O=Example,CN=device-*', 'CN=device-7,O=Example', true],
  ['an attribute that is missing', 'CN=device-*,O=Example', 'CN=device-7', false],
  ['another value', 'CN=*,O=Example', 'CN=device-7,O=Examples', false],
  ['a separator inside a value', 'CN=*,O=Example', 'CN=evil\\,O=Example', false],
  ['a plus inside a value', 'CN=*,O=Example', 'CN=evil\\+O=Example', false],
  ['the value in another attribute', 'CN=device-*', 'OU=device-7,CN=evil', false],
  ['two common names', 'CN=device-*', 'CN=device-7,CN=evil', false],
  ['two common names, the pattern by another', 'O=Example', 'CN=a,CN=b,O=Example', true],
  ['several units, one of which fits', 'OU=ops', 'CN=a,OU=ops,OU=eu', true],
  ['letters of another case', 'CN=Device-*', 'CN=device-7', false],
  ['an attribute type of another case', 'cn=device-*', 'CN=device-7', true],
  ['an escaped star', 'CN=\\2A', 'CN=device', false],
  ['an escaped star and a star', 'CN=\\2A', 'CN=*', true],
  ['a star in the name', 'CN=device-7', 'CN=*', false],
])('compares: %s', (_, pattern, name, fits) => {
  expect(fitsName(parseName(pattern, true)!, parseName(name, false)!)).toBe(fits)
})
