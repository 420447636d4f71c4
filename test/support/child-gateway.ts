import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { fastPathEnv } from './data-path.ts'
import type { LogLine } from './gateway.ts'

/** A gateway in a process of its own, as it is started for real. */
export class ChildGateway {
  readonly lines: LogLine[] = []
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #ports = new Map<string, number>()
  #wake = (): void => undefined

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child
    this.#folder = folder
    createInterface({ input: child.stdout! }).on('line', (text) => {
      const line = JSON.parse(text) as LogLine
      this.lines.push(line)
      if (line.msg === 'listening') this.#ports.set(String(line['listener']), Number(line['port']))
      this.#wake()
    })
  }

  static async start(config: Record<string, unknown>): Promise<ChildGateway> {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-child-'))
    const file = join(folder, 'drawbridge.json')
    writeFileSync(file, JSON.stringify(config))
    const bin = fileURLToPath(new URL('../../bin/drawbridge.js', import.meta.url))
    const child = spawn(process.execPath, [bin, 'serve', '--config', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'], ...fastPathEnv },
    })
    const gateway = new ChildGateway(child, folder)
    const wanted = Object.keys(config['listeners'] as object)
    await gateway.#until(() => wanted.every((name) => gateway.#ports.has(name)))
    return gateway
  }

  port(listener: string): number {
    return this.#ports.get(listener)!
  }

  async line(msg: string, matches: (line: LogLine) => boolean = () => true): Promise<LogLine> {
    const find = (): LogLine | undefined =>
      this.lines.find((line) => line.msg === msg && matches(line))
    await this.#until(() => find() !== undefined)
    return find()!
  }

  /** Resident memory in bytes: now, and the most there has been. */
  memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    const kib = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
    return { now: kib('VmRSS'), peak: kib('VmHWM') }
  }

  /** @returns the exit code */
  async stop(): Promise<number | null> {
    const exited = once(this.#child, 'exit') as Promise<[number | null]>
    this.#child.kill('SIGTERM')
    const [code] = await exited
    rmSync(this.#folder, { recursive: true })
    return code
  }

  async #until(done: () => boolean): Promise<void> {
    while (!done()) {
      if (this.#child.exitCode !== null) throw new Error('the gateway has exited')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        this.#child.once('exit', () => resolve())
      })
    }
  }
}
