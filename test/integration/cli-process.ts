import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { fastPathEnv } from '../support/data-path.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Line {
  readonly [field: string]: unknown
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ProcessOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
}

/** The program as a user starts it: the real launcher, on the Node that runs the tests. */
export class CliProcess {
  readonly child: ChildProcessWithoutNullStreams
  readonly ended: Promise<Ended>
  #stdout = ''
  #stderr = ''

  constructor(args: readonly string[], { cwd = root, env = {} }: ProcessOptions = {}) {
    this.child = spawn(process.execPath, [`${root}bin/drawbridge.js`, ...args], {
      cwd,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...fastPathEnv, ...env },
    })
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#stdout += text))
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    this.ended = once(this.child, 'close').then(() => ({
      code: this.child.exitCode,
      stdout: this.#stdout,
      stderr: this.#stderr,
    }))
  }

  /** All that was written so far. */
  get written(): { readonly stdout: string; readonly stderr: string } {
    return { stdout: this.#stdout, stderr: this.#stderr }
  }

  /** The log so far; what is no JSON is left out. */
  get lines(): Line[] {
    return this.#stdout
      .split('\n')
      .filter((line) => line.startsWith('{') && line.endsWith('}'))
      .map((line): Line => JSON.parse(line))
  }

  /** The first log line with these fields. Rejects when the process ends without it. */
  async line(fields: Line): Promise<Line> {
    for (;;) {
      const found = this.lines.find((line) =>
        Object.entries(fields).every(([name, value]) => line[name] === value),
      )
      if (found !== undefined) return found
      const ended = await Promise.race([once(this.child.stdout, 'data'), this.ended])
      if (!Array.isArray(ended)) {
        throw new Error(
          `ended with ${ended.code}, without ${JSON.stringify(fields)}: ${ended.stderr}`,
        )
      }
    }
  }

  /** The port of a listener, once it accepts. */
  async port(listener = 'edge'): Promise<number> {
    return Number((await this.line({ msg: 'listening', listener }))['port'])
  }
}

/** Runs a command to its end. */
export async function runCli(args: readonly string[], options?: ProcessOptions): Promise<Ended> {
  return await new CliProcess(args, options).ended
}
