import { constants } from 'node:fs'
import type { BigIntStats } from 'node:fs'
import { open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { within } from '../deadline.ts'
import type { Target } from './target.ts'
import { unavailable } from './target-lookup.ts'
import type { TargetLookup } from './target-lookup.ts'
import { parseTokenLines } from './token-lines.ts'
import type { TokenLines } from './token-lines.ts'

/** Of one file. A million tokens take less. */
const mostBytes = 64 * 1024 * 1024
/** A clock of a file system may stand still for so long: a second change meanwhile looks like none. */
const stampMs = 50
/** Looks that stand still, as on a server that has gone, each hold one of libuv's four threads. */
const mostStuck = 2

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
  readonly #timeoutMs: number
  readonly #late = (): Error => unavailable(`${this.#path}: not read in ${this.#timeoutMs} ms`)
  #files = new Map<string, ReadLines>()
  #looking: Promise<void> | undefined
  #next: Promise<void> | undefined
  /** Looks that nobody waits for any more, and that have not ended. */
  #stuck = 0

  /**
   * @param warn told of lines that cannot be used, never of what is in them
   * @param timeoutMs time for one look, and for one lookup
   */
  constructor(path: string, warn: (detail: string) => void, timeoutMs = 5_000) {
    this.#path = path
    this.#warn = warn
    this.#timeoutMs = timeoutMs
  }

  async find(token: string, signal: AbortSignal): Promise<Target | undefined> {
    await within(this.#timeoutMs, signal, this.#late, () => this.#look())
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

  /** It is for whoever asks: that one of them goes does not end it. */
  #begin(): Promise<void> {
    const everybody = new AbortController().signal
    const looking = within(this.#timeoutMs, everybody, this.#late, (signal) =>
      this.#refresh(signal),
    ).finally(() => {
      if (this.#looking === looking) this.#looking = undefined
    })
    this.#looking = looking
    return looking
  }

  async #refresh(signal: AbortSignal): Promise<void> {
    if (this.#stuck >= mostStuck) {
      throw unavailable(`${this.#path}: the file system has not answered ${mostStuck} looks`)
    }
    const stick = (): number => this.#stuck++
    signal.addEventListener('abort', stick)
    const before = this.#files
    const after = new Map<string, ReadLines>()
    try {
      for (const path of await this.#paths()) {
        const lines = await readLines(path, before.get(path))
        if (lines !== undefined) after.set(path, lines)
        if (signal.aborted) break
      }
      // A later look knows better.
      signal.throwIfAborted()
    } catch (cause) {
      throw unavailable(`${this.#path}: ${codeOf(cause)}`, { cause })
    } finally {
      signal.removeEventListener('abort', stick)
      if (signal.aborted) this.#stuck--
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
    if (found.isFile()) return [this.#path]
    if (!found.isDirectory()) throw new Error('neither a file nor a folder')
    const names = await readdir(this.#path)
    return names
      .filter((name) => !name.startsWith('.'))
      .sort()
      .map((name) => join(this.#path, name))
  }
}

/** @returns undefined for what is no regular file, or has just been taken away */
async function readLines(path: string, known?: ReadLines): Promise<ReadLines | undefined> {
  try {
    const found = await stat(path, { bigint: true })
    if (!found.isFile()) return undefined
    if (known !== undefined && known.stamp === stampOf(found)) return known
    // Without it, a pipe that has come there meanwhile would hold the thread until somebody writes.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      const opened = await file.stat({ bigint: true })
      if (!opened.isFile()) return undefined
      if (opened.size > mostBytes) throw new Error(`${path} is larger than ${mostBytes} bytes`)
      const isSettled = Date.now() - Number(opened.mtimeMs) > stampMs
      const lines = parseTokenLines(await file.readFile('utf8'))
      return { ...lines, stamp: isSettled ? stampOf(opened) : undefined }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function stampOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].join()
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message
}
