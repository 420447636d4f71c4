import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

/** Three processes start, one after the other, and a machine that tests is busy. */
const timeout = 60_000

const root = fileURLToPath(new URL('../..', import.meta.url))

async function script(name: string, ...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [`${root}bench/${name}`, ...args],
    {
      cwd: root,
      timeout,
    },
  )
  return stdout
}

const bench = script.bind(undefined, 'run.ts')

/** The cells of the table's rows, its head and rule left out. */
function rows(stdout: string): string[][] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(2)
    .map((line) => line.split('|').slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim()))
}

// Every byte that comes back is checked there: a row is there only where all were right.
test('the benchmark prints a row for a relay', { timeout }, async () => {
  const short = ['--quick', '--seconds', '1', '--attempts', '1']
  const table = rows(await bench('--only', 'ws relay, 64 B x1', '--peers', 'none', ...short))
  expect(table).toEqual([
    [
      'ws relay, 64 B x1',
      'Drawbridge',
      expect.stringMatching(/^[\d.,]+$/),
      ...Array.from({ length: 11 }, () => expect.any(String) as string),
    ],
  ])
})

test('the benchmark says what is wrong with its flags', { timeout }, async () => {
  await expect(bench('--peers', 'apache')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('found apache, expected relay, haproxy'),
  })
  await expect(bench('--only', 'nothing')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('no such work'),
  })
})

test.each(['long-haul.ts', 'churn.ts'])('%s says what its flags are', { timeout }, async (name) => {
  expect(await script(name, '--help')).toMatch(/^npm run bench:/)
  await expect(script(name, '--speed', '1')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining("Unknown option '--speed'"),
  })
})

test('a number that is none is not measured with', { timeout }, async () => {
  await expect(script('long-haul.ts', '--minutes', 'ten')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--minutes: found ten, expected a number'),
  })
})
