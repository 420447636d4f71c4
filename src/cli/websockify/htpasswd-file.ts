import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hashPassword } from '../../auth/password-checks.ts'

/**
 * A file for one login, which BasicHTTPAuth has on the command line: it holds a hash, and only its
 * owner may read it. `remove` when it has been read.
 */
export async function writeHtpasswd(login: {
  readonly name: string
  readonly password: string
}): Promise<{ readonly path: string; remove(): void }> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
  const path = join(folder, 'htpasswd')
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    writeFileSync(path, `${login.name}:${await hashPassword(login.password)}\n`, { mode: 0o600 })
  } catch (error) {
    remove()
    throw error
  }
  return { path, remove }
}
