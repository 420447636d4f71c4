import { accessSync, constants, readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { delimiter, join } from 'node:path'

/** Where Debian puts what is not in everybody's PATH. */
const furtherFolders = ['/usr/sbin', '/usr/local/sbin']

/** @returns the path of a program, or undefined where it is not installed */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...furtherFolders]
  return folders.map((folder) => join(folder, name)).find(isExecutable)
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

/** The cores that the proxy and everything else run on; undefined where processes cannot be pinned. */
export function coresOf(): { readonly proxy: string; readonly rest: string } | undefined {
  if (cpus().length < 2 || findProgram('taskset') === undefined) return undefined
  return { proxy: '0', rest: '1' }
}

/** What the figures were measured on, in one line. */
export function machineLine(): string {
  const all = cpus()
  const model = all[0]?.model.trim() ?? 'an unknown CPU'
  const gib = (totalmem() / 2 ** 30).toFixed(0)
  const load = loadavg().map((value) => value.toFixed(2))
  const mitigated = readable('/sys/devices/system/cpu/vulnerabilities/meltdown') ?? ''
  return [
    `${model}, ${all.length} cores, ${gib} GiB`,
    `Linux ${release()}${mitigated.includes('PTI') ? ' (page table isolation on)' : ''}`,
    `Node ${process.versions.node}`,
    `load average before ${load.join(', ')}`,
  ].join('; ')
}

function readable(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // Not every kernel tells.
    return undefined
  }
}
