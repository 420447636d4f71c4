import { mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
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
