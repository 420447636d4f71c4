import { existsSync } from 'node:fs'

/** What is served when nothing is said, where it is in the current folder. */
const usualFile = 'drawbridge.yaml'

/** The file to read: the one that was named, or the usual one where it is. */
export function configFile(named: string | undefined): string | undefined {
  return named ?? (existsSync(usualFile) ? usualFile : undefined)
}
