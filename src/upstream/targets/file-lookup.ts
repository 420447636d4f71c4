import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Target } from './target.ts'
import { unavailable } from './target-lookup.ts'
import type { TargetLookup } from './target-lookup.ts'
import { parseTokenLines } from './token-lines.ts'
import type { TokenLines } from './token-lines.ts'

/** Of one file. A million tokens take less. */
const mostBytes = 64 * 1024 * 1024
/** A clock of a file system may stand still for so long: a second change meanwhile looks like none. */
const stampMs = 50

interface ReadLines extends TokenLines {
  /** What changes when the file does; undefined where that cannot be relied on yet. */
  readonly stamp: string | undefined
}

/**
 * Tokens from a file of lines, or from all files of a folder (but hidden ones and folders), as
 * websockify's TokenFile has them. Every lookup looks whether a file has changed, and those that
 * come meanwhile share the next look: what was written before a client comes is found.
 */
export class FileLookup implements TargetLookup {
  readonly #path: string
  readonly #warn: (detail: string) => void
  #files = new Map<string, ReadLines>()
  #looking: Promise<void> | undefined
  #next: Promise<void> | undefined

  /** @param warn told of lines that cannot be used, never of what is in them */
  constructor(path: string, warn: (detail: string) => void) {
    this.#path = path
    this.#warn = warn
  }

  async find(token: string, signal: AbortSignal): Promise<Target | undefined> {
    signal.throwIfAborted()
    await this.#look()
    signal.throwIfAborted()
    let found: Target | undefined
    for (const { targets } of this.#files.values()) found = targets.get(token) ?? found
    return found
  }

  /** A look that begins now, or else after the one that has begun, which may have missed something. */
  #look(): Promise<void> {
    if (this.#next !== undefined) return this.#next
    if (this.#looking !== undefined) {
      this.#next = this.#looking
        .catch(() => undefined) // Told to those who asked for it.
        .then(() => {
          this.#next = undefined
          return this.#begin()
        })
      return this.#next
    }
    return this.#begin()
  }

  #begin(): Promise<void> {
    const looking = this.#refresh().finally(() => {
      if (this.#looking === looking) this.#looking = undefined
    })
    this.#looking = looking
    return looking
  }

  async #refresh(): Promise<void> {
    const before = this.#files
    const after = new Map<string, ReadLines>()
    try {
      for (const path of await this.#paths()) {
        const lines = await readLines(path, before.get(path))
        if (lines !== undefined) after.set(path, lines)
      }
    } catch (cause) {
      throw unavailable(`${this.#path}: ${codeOf(cause)}`, { cause })
    }
    this.#files = after
    for (const [path, lines] of after) {
      const known = before.get(path)?.broken
      if (lines.broken.length === 0 || known?.join() === lines.broken.join()) continue
      const numbers = lines.broken.slice(0, 10).join(', ')
      this.#warn(`${path}: no TOKEN: HOST:PORT in ${lines.broken.length} lines: ${numbers}`)
    }
  }

  /** In the order of their names: of a token in two files the last one counts. */
  async #paths(): Promise<string[]> {
    const found = await stat(this.#path)
    if (!found.isDirectory()) return [this.#path]
    const names = await readdir(this.#path)
    return names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(this.#path, name))
  }
}

/** @returns undefined for what is no file, or has just been taken away */
async function readLines(path: string, known?: ReadLines): Promise<ReadLines | undefined> {
  try {
    const { mtimeNs, ctimeNs, mtimeMs, ino, size } = await stat(path, { bigint: true })
    if (size > mostBytes) throw new Error(`${path} is larger than ${mostBytes} bytes`)
    const stamp = [ino, size, mtimeNs, ctimeNs].join()
    if (known?.stamp === stamp) return known
    const isSettled = Date.now() - Number(mtimeMs) > stampMs
    const lines = parseTokenLines(await readFile(path, 'utf8'))
    return { ...lines, stamp: isSettled ? stamp : undefined }
  } catch (error) {
    if (codeOf(error) === 'EISDIR' || codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
