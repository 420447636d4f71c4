import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
  type Stats,
} from 'node:fs'
import { open, stat } from 'node:fs/promises'

/** What a path leads to, links followed, and what holds no text that could be read to its end. */
export class IrregularFile extends Error {
  override readonly name = 'IrregularFile'
  /** Continues "which …". */
  readonly reason: string

  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`)
    this.reason = reason
  }
}

/**
 * Reads a file that the configuration names. It may be a link to one, as every secret is that
 * Kubernetes mounts. Nothing else is opened: a pipe would hold one of libuv's four threads until
 * somebody writes, a device may do anything.
 * @throws {IrregularFile} for what is no regular file
 * @throws {Error} of the system
 */
export async function readRegularFile(path: string): Promise<Buffer> {
  checkRegular(path, await stat(path))
  // Something else may have come there meanwhile, which must not be waited for either.
  const file = await open(path, withoutWaiting)
  try {
    checkRegular(path, await file.stat())
    return await file.readFile()
  } finally {
    await file.close()
  }
}

/** The same at once, for the start. */
export function readRegularFileSync(path: string): Buffer {
  checkRegular(path, statSync(path))
  const file = openSync(path, withoutWaiting)
  try {
    checkRegular(path, fstatSync(file))
    return readFileSync(file)
  } finally {
    closeSync(file)
  }
}

/** What the path leads to, where that is no regular file. */
export function irregularity(found: Stats): string | undefined {
  if (found.isFile()) return undefined
  if (found.isDirectory()) return 'is a folder'
  if (found.isFIFO()) return 'is a pipe'
  if (found.isSocket()) return 'is a socket'
  return 'is a device'
}

const withoutWaiting = constants.O_RDONLY | constants.O_NONBLOCK

function checkRegular(path: string, found: Stats): void {
  const reason = irregularity(found)
  if (reason !== undefined) throw new IrregularFile(path, reason)
}
