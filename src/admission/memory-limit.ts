import { readFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path/posix'

/**
 * How much memory there is for this process: the least that its control group or one above allows,
 * or the machine's. Node's `process.constrainedMemory()` does not look at the groups above, nor
 * where a container sees its group as the root.
 * @param root where /proc and /sys are; another folder in tests
 */
export function availableMemory(root = '/'): number {
  const groups = read(join(root, 'proc/self/cgroup')) ?? ''
  const limits = groups.split('\n').flatMap((line) => limitsOf(line, root))
  return Math.min(totalmem(), ...limits)
}

/** @param line `hierarchy:controllers:path`; version 2 is hierarchy 0 without controllers */
function limitsOf(line: string, root: string): number[] {
  const [, hierarchy, controllers = '', path = ''] = /^(\d+):([^:]*):(\/.*)$/.exec(line) ?? []
  if (hierarchy === '0' && controllers === '') return limitsAbove(root, '', path, 'memory.max')
  if (!controllers.split(',').includes('memory')) return []
  return limitsAbove(root, 'memory', path, 'memory.limit_in_bytes')
}

/** Of a group and of all above it: the strictest holds. */
function limitsAbove(root: string, mount: string, path: string, file: string): number[] {
  const limits: number[] = []
  for (let group = join('/', path); ; group = dirname(group)) {
    // `max`, and a number near 2^63 in version 1, are no limit.
    const bytes = Number.parseInt(read(join(root, 'sys/fs/cgroup', mount, group, file)) ?? '', 10)
    if (bytes > 0) limits.push(bytes)
    if (group === '/') return limits
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // No control groups (another system), or one that this container is not shown.
    return undefined
  }
}
