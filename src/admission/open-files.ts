import { readFileSync } from 'node:fs'

/**
 * The process's soft limit of open files, from /proc. Node has no call for it, and its diagnostic
 * report, which knows, takes milliseconds and looks up host names.
 * @returns `Infinity` where it cannot be told
 */
export function openFilesLimit(): number {
  let text: string
  try {
    text = readFileSync('/proc/self/limits', 'latin1')
  } catch {
    // Not Linux: macOS and Windows have no /proc, and limits far beyond what one process serves.
    return Infinity
  }
  const soft = /^Max open files +(\S+)/m.exec(text)?.[1]
  return soft === undefined || soft === 'unlimited' ? Infinity : Number(soft)
}
