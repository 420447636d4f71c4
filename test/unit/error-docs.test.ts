import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { faults } from '../../src/errors.ts'

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8')
/** Heading -> the text below it. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section): [string, string] => {
      const [heading = '', ...text] = section.split('\n')
      return [heading.trim(), text.join('\n').split(/^## /m)[0]!]
    }),
)

test('docs/errors.md has one heading for every token, and no other', () => {
  expect([...sections.keys()].toSorted()).toEqual(Object.keys(faults).toSorted())
})

test.each(Object.entries(faults))(
  'docs/errors.md tells the status and codes of %s',
  (token, fault) => {
    const text = sections.get(token) ?? ''
    if ('status' in fault) expect(text).toContain(String(fault.status))
    if ('client' in fault) expect(text).toContain(String(fault.client))
    if ('upstream' in fault && token !== 'message-kind' && token !== 'text-invalid') {
      expect(text).toContain(String(fault.upstream))
    }
  },
)
