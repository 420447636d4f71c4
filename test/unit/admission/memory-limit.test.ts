import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir, totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { availableMemory } from '../../../src/admission/memory-limit.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drawbridge-'))
})
afterEach(() => rmSync(root, { recursive: true }))

function available(files: Record<string, string>): number {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return availableMemory(root)
}

const none = '9223372036854771712\n'
const own = { v1: '9:name=systemd:/\n4:cpu,memory:/pods/a\n', v2: '0::/pods/a\n' }

test.each([
  [
    'the group, version 2',
    { 'proc/self/cgroup': own.v2, 'sys/fs/cgroup/pods/a/memory.max': '1000000\n' },
    1_000_000,
  ],
  [
    'a group above, version 2',
    {
      'proc/self/cgroup': own.v2,
      'sys/fs/cgroup/pods/a/memory.max': 'max\n',
      'sys/fs/cgroup/pods/memory.max': '2000000\n',
    },
    2_000_000,
  ],
  [
    'the group where a container sees it as the root, version 2',
    { 'proc/self/cgroup': own.v2, 'sys/fs/cgroup/memory.max': '3000000\n' },
    3_000_000,
  ],
  [
    'the group, version 1',
    { 'proc/self/cgroup': own.v1, 'sys/fs/cgroup/memory/pods/a/memory.limit_in_bytes': '4000000' },
    4_000_000,
  ],
  [
    'the strictest of several, version 1',
    {
      'proc/self/cgroup': own.v1,
      'sys/fs/cgroup/memory/pods/a/memory.limit_in_bytes': '6000000',
      'sys/fs/cgroup/memory/pods/memory.limit_in_bytes': '5000000',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': none,
    },
    5_000_000,
  ],
  [
    'the group of version 1 beside an empty one of version 2',
    {
      'proc/self/cgroup': `${own.v1}0::/\n`,
      'sys/fs/cgroup/memory/memory.limit_in_bytes': '7000000',
    },
    7_000_000,
  ],
])('is that of %s', (_, files, bytes) => {
  expect(available(files)).toBe(bytes)
})

test.each([
  ['no groups', {}],
  ['no limit, version 2', { 'proc/self/cgroup': '0::/\n', 'sys/fs/cgroup/memory.max': 'max\n' }],
  [
    'no limit, version 1',
    {
      'proc/self/cgroup': '4:memory:/\n',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': none,
    },
  ],
  ['what is no group', { 'proc/self/cgroup': 'garbage\n' }],
  [
    'a group that does not count memory',
    { 'proc/self/cgroup': '4:cpu:/\n', 'sys/fs/cgroup/memory.max': '1' },
  ],
])('is the machine’s with %s', (_, files) => {
  expect(available(files)).toBe(totalmem())
})

test('can be told on this machine', () => {
  expect(availableMemory()).toBeGreaterThan(0)
  expect(availableMemory()).toBeLessThanOrEqual(totalmem())
})
