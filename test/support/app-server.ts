import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const program = fileURLToPath(new URL('app-server.mjs', import.meta.url))

/** An app server in a process of its own, which can be stopped, killed, slowed down and started again. */
export class AppServer {
  readonly port: number
  #child: ChildProcess

  private constructor(port: number, child: ChildProcess) {
    this.port = port
    this.#child = child
  }

  static async start(): Promise<AppServer> {
    const { child, port } = await run(0)
    return new AppServer(port, child)
  }

  /** It stops where it is: the kernel still accepts connections in its name, and nobody answers. */
  stop(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  /** Resolves when it is gone, and its port with it. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }

  /** Anew, at the same port. */
  async restart(): Promise<void> {
    const { child } = await run(this.port)
    this.#child = child
  }

  /** From now on each answer and each handshake takes so long. */
  slowDown(delayMs: number): void {
    this.#child.send({ delayMs })
  }
}

async function run(port: number): Promise<{ child: ChildProcess; port: number }> {
  const child = fork(program, [String(port)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.off('exit', kill))
  const [message] = (await once(child, 'message')) as [{ port: number }]
  return { child, port: message.port }
}
