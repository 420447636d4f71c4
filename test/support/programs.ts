import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, isAbsolute, join } from 'node:path'
import { describe, test } from 'vitest'

/** Where Debian puts what is not in everybody's PATH. */
const furtherFolders = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/share/novnc/utils',
  ...globSync('/usr/lib/postgresql/*/bin'),
]

/** Set where a peer that is missing is a fault of the machine, and no reason to look away. */
const areRequired = process.env['DRAWBRIDGE_REQUIRE_PEERS'] === '1'

/** Browsers and databases are slow to start on a busy machine. */
const timeout = 40_000

/** The path of a program, or undefined where it is not installed. A path is itself. */
export function findProgram(name: string): string | undefined {
  if (isAbsolute(name)) return isExecutable(name) ? name : undefined
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...furtherFolders]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** The path of a program that `describeWith` has found. */
export function programPath(name: string): string {
  const path = findProgram(name)
  if (path === undefined) throw new Error(`${name} is not installed`)
  return path
}

/**
 * A group of tests that needs programs nobody here wrote. Where one is missing the group is skipped
 * and says so; with DRAWBRIDGE_REQUIRE_PEERS=1 it fails instead.
 */
export function describeWith(needs: readonly string[], name: string, tests: () => void): void {
  const missing = needs.filter((need) => findProgram(need) === undefined)
  if (missing.length === 0) {
    describe(name, { timeout }, tests)
    return
  }
  const reason = `${missing.join(', ')} not installed`
  if (areRequired) {
    test(name, () => {
      throw new Error(reason)
    })
    return
  }
  console.warn(`skipped: ${name}: ${reason}`)
  describe.skip(`${name} (${reason})`, tests)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us: both mean that it cannot be run.
    return false
  }
}
