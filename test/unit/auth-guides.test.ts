import { readFileSync } from 'node:fs'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadConfig } from '../../src/config/load.ts'
import { Scratch } from '../support/scratch.ts'

const docs = join(import.meta.dirname, '../../docs')
const pages = ['authentication', 'auth-jwt', 'auth-ticket', 'authenticating-browsers', 'sessions']
const scratch = new Scratch()
scratch.write('api-keys.yaml', `- name: reports\n  sha256: ${hash('sha256', 'x')}\n`)
afterAll(() => scratch.remove())

const examples = pages.flatMap((page) => {
  const text = readFileSync(join(docs, `${page}.md`), 'utf8')
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)
  return blocks.map((yaml, index) => ({ name: `${page}-${index}.yaml`, yaml }))
})

test('every guide has an example', () => {
  for (const page of pages) expect(examples.some(({ name }) => name.startsWith(page))).toBe(true)
})

test.each(examples)('$name is a configuration without a warning', async ({ name, yaml }) => {
  const file = scratch.write(name, yaml)
  const env = { JWT_SECRET: 'a secret that is long enough for an HMAC' }
  const { config, warnings } = await loadConfig({ file, env })
  expect(warnings).toEqual([])
  expect(config.routes[0]!.auth.length).toBeGreaterThan(0)
})

test('links between the pages lead somewhere', () => {
  for (const page of pages) {
    const text = readFileSync(join(docs, `${page}.md`), 'utf8')
    for (const [, path = '', anchor] of text.matchAll(/\]\(([\w-]*\.md)?(?:#([\w-]+))?\)/g)) {
      const target = readFileSync(join(docs, path === '' ? `${page}.md` : path), 'utf8')
      const headings = [...target.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w -]/g, '')
          .replaceAll(' ', '-'),
      )
      if (anchor !== undefined) expect(headings, `${page}: ${path}#${anchor}`).toContain(anchor)
    }
  }
})
