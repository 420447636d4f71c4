import { expect, test } from 'vitest'
import { edge, problems, routes } from './config-text.ts'

test.each([
  ['', '1:1: configuration: found nothing, expected a mapping with listeners and routes'],
  [
    '# nothing\n',
    '1:1: configuration: found nothing, expected a mapping with listeners and routes',
  ],
  ['text', '1:1: configuration: found text, expected a mapping'],
  ['- a', '1:1: configuration: found a list, expected a mapping'],
  ['a:\n\tb: c', '2:1: syntax: found a tab as indentation, expected blanks'],
  [
    'a: "b',
    '1:6: syntax: found the end of a value too early, expected a closing quote, bracket, colon or comma',
  ],
  [
    'a: b\n c: d',
    '1:4: syntax: found a key inside a value, expected another indentation, or quotes around the value',
  ],
  [
    'a: [::1]:80',
    '1:9: syntax: found an address in brackets without quotes, expected "[::1]:8080"',
  ],
  [
    'a: { b: ${C} }',
    '1:10: syntax: found a reference without quotes inside brackets, expected "${NAME}"',
  ],
  [
    'listeners: [',
    '1:13: syntax: found a bracket that is not closed, expected a closing ], and all before it indented more than its key',
  ],
  [
    'a: [\n  { b: c },\n\nd: e\n',
    '4:1: syntax: found a bracket that is not closed, expected a closing ], and all before it indented more than its key',
  ],
  [
    'a:\n  b: {\n  c: d\n}\n',
    '3:3: syntax: found a bracket that is not closed, expected a closing }, and all before it indented more than its key',
  ],
  [
    '{ "a": 1,\n  "b": 2\n',
    '3:1: syntax: found a bracket that is not closed, expected a closing }, and all before it indented more than its key',
  ],
  [
    'a:\n    b: c\n  d: e\n',
    '3:1: syntax: found a wrong indentation, expected that of the lines above',
  ],
  [
    'a: *',
    '1:4: syntax: found an alias without a name, expected quotes around a text that begins with *',
  ],
  [
    Buffer.from('a: b\nc: \xff', 'latin1'),
    '2:4: syntax: found bytes that are not UTF-8, expected UTF-8',
  ],
  [
    Buffer.from('\ufeffa', 'utf16le'),
    '1:1: syntax: found bytes that are not UTF-8, expected UTF-8',
  ],
])('is no YAML: %j', async (text, message) => {
  expect(await problems(text)).toEqual([`edge.yaml:${message}`])
})

test.each([
  [`${edge}${routes}log: !x {}\n`, '4:6: syntax: found an unknown tag, expected none'],
  [
    `${edge}routes: [{ respond: { status: 200, body: "\\q" } }]\n`,
    '3:43: syntax: found an unknown escape in a double-quoted text, expected \\\\ for a backslash',
  ],
  [`${edge}${routes}---\nlog: {}\n`, '4:1: syntax: found a second document, expected one document'],
])(
  'mistakes of YAML that leave the rest clear are told with the rest: %j',
  async (text, message) => {
    expect((await problems(text))[0]).toBe(`edge.yaml:${message}`)
  },
)

test('a file that nests too deeply is one error', async () => {
  const told = await problems('['.repeat(50_000))
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(
    /^edge\.yaml:1:\d+: syntax: found collections nested too deeply, expected fewer levels$/,
  )
})
