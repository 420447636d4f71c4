import { expect, test } from 'vitest'
import { alternativeNames, subjectText } from '../../../src/listener/certificate-names.ts'

test.each([
  ['one attribute', 'CN=device-7', 'CN=device-7'],
  ['the last RDN first', 'C=DE\nO=Example\nCN=device-7', 'CN=device-7,O=Example,C=DE'],
  ['an escaped comma', 'O=Evil\\, Inc\nCN=a', 'CN=a,O=Evil\\, Inc'],
  ['two attributes of one RDN', 'CN=a + UID=7', 'CN=a+UID=7'],
  ['a plus in a value', 'CN=a \\+ b', 'CN=a \\+ b'],
  ['an escaped line feed', 'CN=a\\0Ab', 'CN=a\\0Ab'],
  ['what is not ASCII', 'CN=Jürgen\nO=日本', 'O=\\E6\\97\\A5\\E6\\9C\\AC,CN=J\\C3\\BCrgen'],
  ['beyond the basic plane', 'CN=\u{1f600}', 'CN=\\F0\\9F\\98\\80'],
  ['nothing', undefined, ''],
])('writes a subject on one line: %s', (_, printed, expected) => {
  expect(subjectText(printed)).toBe(expected)
})

test.each([
  ['none', undefined, []],
  [
    'names of several kinds',
    'DNS:a.example, URI:spiffe://x/y',
    ['DNS:a.example', 'URI:spiffe://x/y'],
  ],
  ['letters of the DNS in lower case', 'DNS:A.Example', ['DNS:a.example']],
  ['a path keeps its case', 'URI:spiffe://x/Y', ['URI:spiffe://x/Y']],
  ['an address', 'IP Address:10.0.0.1', ['IP:10.0.0.1']],
  ['a comma in a quoted name', 'DNS:"a.example, DNS:b.example"', ['DNS:a.example, dns:b.example']],
  ['a NUL', 'DNS:"good.example\\u0000.evil.example", DNS:x', ['DNS:x']],
  ['what is not ASCII', 'DNS:"b\\u00fccher.example"', []],
  ['a quote that does not end', 'DNS:"a.example, DNS:b.example', []],
])('lists alternative names: %s', (_, printed, expected) => {
  expect(alternativeNames(printed)).toEqual(expected)
})
