import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../bin/drawbridge.js', import.meta.url))
const collector = new URL('collector.ts', import.meta.url)

export interface GatewayOptions {
  /** Flags of Node, before the program. */
  readonly nodeFlags?: readonly string[]
  /** The garbage is collected so often, whether it has to be or not; 0 leaves that to Node. */
  readonly collectEveryMs?: number
}

export interface Memory {
  readonly rssBytes: number
  /** What is shared with other processes counts in part. */
  readonly pssBytes: number
}

/** What a gateway has open. */
export interface Left {
  readonly sessions: number
  readonly connections: number
  readonly sockets: number
}

/** How long a gateway may take to see that everybody has left, in steps of a tenth of a second. */
const leavingSteps = 50

/**
 * A gateway as it is run in production, in a process of its own, with what this process says of
 * the fast path (`DRAWBRIDGE_FAST_PATH`).
 */
export class GatewayProcess {
  readonly pid: number
  /** Settles when it ends, which it must not do before `stop`. */
  readonly ended: Promise<string>
  readonly #child: ChildProcess
  readonly #ports = new Map<string, number>()
  /** Which way bytes go in it, as it says. */
  dataPath = 'unknown'
  /** What it says of its own faults; a peer that is lost is none. */
  readonly faults: string[] = []
  #stderr = ''
  /** Open before anybody has connected. */
  #ownSockets = 0

  private constructor(configFile: string, options: GatewayOptions) {
    const { nodeFlags = [], collectEveryMs = 0 } = options
    const url = new URL(collector)
    url.searchParams.set('every', String(collectEveryMs))
    const flags = [...nodeFlags, '--expose-gc', '--import', url.href]
    const args = [...flags, launcher, 'serve', '--config', configFile]
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    this.pid = this.#child.pid!
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.#stderr += text))
    const kill = (): void => void this.#child.kill('SIGKILL')
    process.once('exit', kill)
    this.ended = once(this.#child, 'close').then(() => {
      process.off('exit', kill)
      const { exitCode, signalCode } = this.#child
      return `the gateway ended with ${exitCode ?? signalCode}: ${this.#stderr}`
    })
  }

  /** Resolves once all its listeners accept. */
  static async start(config: Record<string, unknown>, options: GatewayOptions = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
    try {
      const file = join(folder, 'drawbridge.yaml')
      writeFileSync(file, JSON.stringify(config))
      const gateway = new GatewayProcess(file, options)
      await gateway.#listens([...Object.keys(config['listeners'] as object), 'monitor'])
      gateway.#ownSockets = gateway.#sockets()
      return gateway
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  port(listener: string): number {
    return this.#ports.get(listener)!
  }

  /** Its sockets by those it had to begin with: 0 when everybody has left. */
  get openSockets(): number {
    return this.#sockets() - this.#ownSockets
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  get memory(): Memory {
    const text = readFileSync(`/proc/${this.pid}/smaps_rollup`, 'utf8')
    const read = (name: string): number =>
      Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024
    return { rssBytes: read('Rss'), pssBytes: read('Pss') }
  }

  /** Collects its garbage. @returns what its heap and its buffers hold then */
  async collect(): Promise<number> {
    const done = once(this.#child, 'message')
    this.#child.send('collect')
    const [usage] = (await done) as [NodeJS.MemoryUsage]
    return usage.heapUsed + usage.external
  }

  /** The sum of a metric over all its labels. */
  async #metric(name: string): Promise<number> {
    const answer = await fetch(`http://127.0.0.1:${this.port('monitor')}/metrics`, {
      headers: { connection: 'close' },
    })
    const lines = (await answer.text()).split('\n')
    return lines
      .filter((line) => line.startsWith(`drawbridge_${name}{`))
      .reduce((all, line) => all + Number(line.split(' ').at(-1)), 0)
  }

  /** What is still open when everybody has left: all of it zero, or as it was when it stayed. */
  async left(): Promise<Left> {
    for (let step = 0; ; step++) {
      const sessions = await this.#metric('sessions_open')
      const connections = await this.#metric('connections_open')
      const sockets = this.openSockets
      if (sessions + connections + sockets === 0 || step === leavingSteps) {
        return { sessions, connections, sockets }
      }
      await pause(100)
    }
  }

  /** As an operator would. @returns how it ended */
  async stop(): Promise<string> {
    this.#child.kill('SIGTERM')
    return await this.ended
  }

  async #listens(names: readonly string[]): Promise<void> {
    let rest = ''
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) this.#read(line)
    })
    while (names.some((name) => !this.#ports.has(name))) {
      const ended = await Promise.race([once(this.#child.stdout!, 'data'), this.ended])
      if (typeof ended === 'string') throw new Error(ended)
    }
  }

  #read(line: string): void {
    if (line.includes('"msg":"listening"')) {
      const { listener, port } = JSON.parse(line) as { listener: string; port: number }
      this.#ports.set(listener, port)
      return
    }
    this.dataPath = /"path":"(\w+)".*"msg":"data path"/.exec(line)?.[1] ?? this.dataPath
    const error = /"error":"([^"]+)"/.exec(line)?.[1]
    const lost = error === undefined || error === 'client-lost' || error === 'upstream-lost'
    if (!lost || line.includes('"level":"error"')) this.faults.push(line)
  }

  #sockets(): number {
    const folder = `/proc/${this.pid}/fd`
    return readdirSync(folder).filter((name) => {
      try {
        return readlinkSync(join(folder, name)).startsWith('socket:')
      } catch {
        // Closed between the two looks.
        return false
      }
    }).length
  }
}
