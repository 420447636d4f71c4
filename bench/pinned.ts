import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { coresOf, findProgram } from './machine.ts'

/** No process of a benchmark lives longer, whatever becomes of the rest. */
const lifetimeMs = 3_600_000
const leavingMs = 3_000

export interface PinnedOptions {
  readonly core: 'proxy' | 'rest'
  readonly env?: NodeJS.ProcessEnv
  /** Messages both ways, for children of ours. */
  readonly ipc?: boolean
}

/** A process that stays on its core, and with it whatever it starts. */
export class Pinned {
  readonly child: ChildProcess
  readonly #exited: Promise<unknown>
  #stderr = ''

  constructor(program: string, args: readonly string[], options: PinnedOptions) {
    const cores = coresOf()
    const path = findProgram(program) ?? program
    // taskset becomes the program: its id is the program's.
    const taskset = findProgram('taskset')
    const pin = cores === undefined ? [] : ['-c', cores[options.core], path]
    this.child = spawn(cores === undefined ? path : taskset!, [...pin, ...args], {
      env: options.env ?? process.env,
      stdio: ['ignore', 'ignore', 'pipe', ...(options.ipc === true ? ['ipc' as const] : [])],
      timeout: lifetimeMs,
      killSignal: 'SIGKILL',
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-2_000)
    })
    const kill = (): void => void this.child.kill('SIGTERM')
    process.once('exit', kill)
    this.#exited = once(this.child, 'exit').finally(() => process.off('exit', kill))
    // Who waits for the end hears of a failed start there; nobody has to.
    this.#exited.catch(() => undefined)
  }

  get pid(): number {
    return this.child.pid ?? -1
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null || this.pid === -1
  }

  /** The last of what it wrote to stderr. */
  get complaints(): string {
    return this.#stderr.trim()
  }

  /** Its next message. Rejects when it ends without. */
  async message(): Promise<unknown> {
    const gone = this.#exited.then(() => {
      throw new Error(`a process ended early: ${this.complaints}`)
    })
    gone.catch(() => undefined)
    const [message] = (await Promise.race([once(this.child, 'message'), gone])) as [unknown]
    return message
  }

  /** Asks it to leave, and kills what does not. */
  async stop(): Promise<void> {
    if (this.hasEnded) return
    const late = setTimeout(() => this.child.kill('SIGKILL'), leavingMs)
    this.child.kill('SIGTERM')
    await this.#exited
    clearTimeout(late)
  }
}
