import { isUtf8 } from 'node:buffer'
import { IrregularFile } from './regular-file.ts'

export type ReadFile = (path: string) => Promise<Uint8Array>

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'may not be read',
  EISDIR: 'is a folder',
  ENOTDIR: 'does not exist',
  ELOOP: 'is a loop of links',
}

/** A file that cannot be used. `message` continues "which …". */
export class UnusableFile extends Error {
  override readonly name = 'UnusableFile'
}

/** @throws {UnusableFile} */
export async function readBytes(path: string, readFile: ReadFile): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (cause) {
    throw new UnusableFile(reasonOf(cause), { cause })
  }
}

/** @throws {UnusableFile} */
export async function readText(path: string, readFile: ReadFile): Promise<string> {
  const bytes = await readBytes(path, readFile)
  if (!isUtf8(bytes)) throw new UnusableFile('is not UTF-8')
  return new TextDecoder().decode(bytes)
}

/** Why a file could not be used, without its path: the message that uses it has that. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof IrregularFile) return cause.reason
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'
  return reasons[code] ?? `cannot be read (${code})`
}
