import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { specs } from '../../src/cli/websockify/options.ts'
import { presets } from '../../src/config/protocols.ts'

const page = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8')

test('docs/websockify.md has every option of websockify, and no other', () => {
  const [, options = ''] = page('websockify.md').split('## Options')
  const rows = options.split('\n').filter((line) => line.startsWith('| `'))
  const cells = rows.map((row) => row.split(' | ')[0]!).join(' ')
  const written = new Set([...cells.matchAll(/`--([a-z0-9-]+)/g)].map(([, name]) => name))
  expect(written).toEqual(new Set(Object.keys(specs)))
})

test.each(Object.entries(presets))('docs/bridge.md says what protocol: %s sets', (name, preset) => {
  const row = page('bridge.md')
    .split('\n')
    .find((line) => line.startsWith(`| \`${name}\``))!
  expect(row).toContain(`\`[${preset.subprotocols.join(', ')}]\``)
  if (preset.greeting !== undefined) expect(row).toContain(`\`${preset.greeting}\``)
  if (preset.idle === undefined) return
  const minutes = preset.idle / 60_000
  expect(row).toContain(minutes < 60 ? `\`${minutes}m\`` : `\`${minutes / 60}h\``)
})
