import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { programPath } from './programs.ts'

/** No program of a test lives longer, whatever becomes of the test. */
const lifetimeMs = 90_000
/** How long a program may take to leave when it is asked to. */
const leavingMs = 3_000

export interface Result {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProgramOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  /** What it reads, followed by an end. Without it nothing comes, and no end. */
  readonly input?: string | Buffer
}

/** Flags may stand together with their values in lists of their own. */
export type Arguments = readonly (string | readonly string[])[]

/**
 * Somebody else's program, with what it says. It is ended by `stop`, after its lifetime, or with
 * this process.
 */
export class Program {
  readonly child: ChildProcess
  readonly ended: Promise<Result>
  readonly #name: string
  #stdout = ''
  #stderr = ''
  #isOver = false

  constructor(name: string, args: Arguments, options: ProgramOptions = {}) {
    const { input, ...rest } = options
    this.#name = name
    this.child = spawn(programPath(name), args.flat(), {
      ...rest,
      stdio: 'pipe',
      timeout: lifetimeMs,
      killSignal: 'SIGKILL',
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    // A program that leaves without reading all of its input is judged by its exit.
    this.child.stdin!.on('error', () => undefined)
    if (input !== undefined) this.child.stdin!.end(input)
    const kill = (): void => void this.child.kill('SIGKILL')
    process.once('exit', kill)
    this.ended = once(this.child, 'close').then(() => {
      process.off('exit', kill)
      this.#isOver = true
      return { code: this.child.exitCode, stdout: this.#stdout, stderr: this.#stderr }
    })
    // Who waits for the end hears of a failed start there; nobody has to.
    this.ended.catch(() => undefined)
  }

  /** All that it has said so far. */
  get output(): string {
    return this.#stdout + this.#stderr
  }

  write(text: string): void {
    this.child.stdin!.write(text)
  }

  /** Waits until its output matches. Rejects when it ends without. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output)
      if (found !== null) return found
      if (this.#isOver) throw new Error(`${this.#name} ended without ${pattern}: ${this.output}`)
      await Promise.race([
        once(this.child.stdout!, 'data'),
        once(this.child.stderr!, 'data'),
        this.ended,
      ])
    }
  }

  /** Asks it to leave and waits until it has; one that does not leave is killed. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const late = setTimeout(() => this.child.kill('SIGKILL'), leavingMs)
    this.child.kill(signal)
    await this.ended
    clearTimeout(late)
  }
}

/** Runs a program to its end. */
export async function runProgram(
  name: string,
  args: Arguments,
  options: ProgramOptions = {},
): Promise<Result> {
  return await new Program(name, args, { input: '', ...options }).ended
}
