import { execFileSync } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { FileLookup } from '../../../../src/upstream/targets/file-lookup.ts'
import { Scratch } from '../../../support/scratch.ts'
import { find, lookupSuite } from './lookup-suite.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

let count = 0
let warnings: string[]
let path: string
let lookup: FileLookup
let lines: Map<string, string>

function write(): void {
  writeFileSync(path, [...lines].map(([token, value]) => `${token}: ${value}\n`).join(''))
}

beforeEach(() => {
  warnings = []
  lines = new Map()
  path = join(scratch.path, `tokens-${count++}`)
  writeFileSync(path, '')
  lookup = new FileLookup(path, (detail) => warnings.push(detail))
})

lookupSuite('a file', {
  lookup: () => lookup,
  store: async (token, value) => {
    lines.set(token, value)
    write()
  },
  remove: async (token) => {
    lines.delete(token)
    write()
  },
  fail: async () => rmSync(path),
})

describe('a file of tokens', () => {
  test('that is replaced by another of the same size and time is read again', async () => {
    const past = new Date(Date.now() - 60_000)
    writeFileSync(path, 'one: 10.0.0.1:5900\n')
    utimesSync(path, past, past)
    expect(await find(lookup, 'one')).toBe('10.0.0.1:5900')
    const other = `${path}.new`
    writeFileSync(other, 'one: 10.0.0.2:5900\n')
    utimesSync(other, past, past)
    renameSync(other, path)
    expect(await find(lookup, 'one')).toBe('10.0.0.2:5900')
  })

  test('that cannot be read is read again when it can be', async () => {
    rmSync(path)
    expect(await find(lookup, 'one')).toBe('target-unavailable')
    writeFileSync(path, 'one: 10.0.0.1:5900\n')
    expect(await find(lookup, 'one')).toBe('10.0.0.1:5900')
  })

  test('with broken lines is told of once, by their numbers, and the rest is used', async () => {
    writeFileSync(path, 'one: 10.0.0.1:5900\nsecret: nowhere\n\nsecret\n')
    expect(await find(lookup, 'one')).toBe('10.0.0.1:5900')
    expect(await find(lookup, 'secret')).toBe('unknown')
    expect(warnings).toEqual([`${path}: no TOKEN: HOST:PORT in 2 lines: 2, 4`])
  })
})

test('a folder: every file in it, but hidden ones and folders, the last name counting', async () => {
  const folder = join(scratch.path, 'folder')
  mkdirSync(join(folder, 'sub'), { recursive: true })
  const files = {
    a: 'one: 10.0.0.1:1\ntwo: 10.0.0.1:2\n',
    b: 'two: 10.0.0.2:2\n',
    '.hidden': 'three: 10.0.0.1:3\n',
    'sub/c': 'four: 10.0.0.1:4\n',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  symlinkSync('nowhere', join(folder, 'dangling'))
  const folderLookup = new FileLookup(folder, (detail) => warnings.push(detail))
  const all = async (): Promise<string[]> =>
    Promise.all(['one', 'two', 'three', 'four'].map((token) => find(folderLookup, token)))
  expect(await all()).toEqual(['10.0.0.1:1', '10.0.0.2:2', 'unknown', 'unknown'])
  rmSync(join(folder, 'b'))
  writeFileSync(join(folder, 'c'), 'three: 10.0.0.3:3\n')
  expect(await all()).toEqual(['10.0.0.1:1', '10.0.0.1:2', '10.0.0.3:3', 'unknown'])
  expect(warnings).toEqual([])
})

test('only regular files are read: a pipe in the folder holds nobody up', async () => {
  const folder = join(scratch.path, 'with-pipe')
  mkdirSync(folder)
  writeFileSync(join(folder, 'b'), 'one: 10.0.0.1:5900\n')
  execFileSync('mkfifo', [join(folder, 'a')])
  const folderLookup = new FileLookup(folder, (detail) => warnings.push(detail))
  expect(await find(folderLookup, 'one')).toBe('10.0.0.1:5900')
  const pipeLookup = new FileLookup(join(folder, 'a'), (detail) => warnings.push(detail))
  expect(await find(pipeLookup, 'one')).toBe('target-unavailable')
})

describe('a file system that does not answer', () => {
  let pipe: string
  let stuck: Promise<unknown>

  /** Every thread that file systems have waits for somebody to write into the pipe. */
  beforeEach(() => {
    pipe = join(scratch.path, `pipe-${count}`)
    execFileSync('mkfifo', [pipe])
    writeFileSync(path, 'one: 10.0.0.1:5900\n')
    const threads = Number(process.env['UV_THREADPOOL_SIZE'] ?? 4)
    stuck = Promise.all(
      Array.from({ length: threads }, () => open(pipe, 'r').then((file) => file.close())),
    )
  })

  async function answer(): Promise<void> {
    const writer = openSync(pipe, 'r+')
    await stuck
    closeSync(writer)
  }

  test('is target-unavailable after the deadline, and works when it answers again', async () => {
    const hasty = new FileLookup(path, () => undefined, 20)
    expect(await find(hasty, 'one')).toBe('target-unavailable')
    expect(await find(hasty, 'one')).toBe('target-unavailable')
    // The threads are not all to be spent on it.
    await expect(hasty.find('one', new AbortController().signal)).rejects.toThrow(
      'has not answered 2 looks',
    )
    await answer()
    while ((await find(hasty, 'one')) !== '10.0.0.1:5900') await setImmediate()
  })

  test('keeps nobody who goes', async () => {
    const gone = new AbortController()
    const finding = lookup.find('one', gone.signal)
    gone.abort(new Error('gone'))
    await expect(finding).rejects.toThrow('gone')
    await answer()
  })
})
