import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { openFilesLimit } from '../src/admission/open-files.ts'
import { mintSelfSigned } from '../src/cli/mint.ts'
import type { Outcome, Plan, Traffic } from './load/plan.ts'
import type { Sample } from './measure/sample.ts'
import { filled, peerEnvironment, peers } from './peers.ts'
import type { PeerName, Settings } from './peers.ts'
import { Pinned } from './pinned.ts'

const startingMs = 60_000
/** A round that takes so much longer than it measures hangs. */
const patienceMs = 60_000
/** Files that a proxy has beside its connections. */
const spareFiles = 64
const mostConnections = 9_900

interface RunningPeer {
  readonly process: Pinned
  readonly settings: Settings
}

export interface Round {
  readonly tls: boolean
  readonly path: string
  readonly traffic: Traffic
  readonly warmMs: number
  readonly measureMs: number
}

/** The backend, a certificate, and the proxies that run at the moment. */
export class Testbed {
  readonly #folder: string
  readonly #backend: Pinned
  readonly #backendPorts: { readonly web: number; readonly tcp: number }
  readonly #running = new Map<PeerName, RunningPeer>()

  private constructor(folder: string, backend: Pinned, ports: { web: number; tcp: number }) {
    this.#folder = folder
    this.#backend = backend
    this.#backendPorts = ports
  }

  static async open(): Promise<Testbed> {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-bench-'))
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
    // Without these the processes of a benchmark that is broken off would run on.
    process.once('SIGINT', () => process.exit(130)).once('SIGTERM', () => process.exit(143))
    // nginx's workers are another user where it is started by root.
    chmodSync(folder, 0o755)
    const { cert, key } = await mintSelfSigned(['localhost'])
    writeFileSync(join(folder, 'cert.pem'), cert)
    writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 })
    writeFileSync(join(folder, 'pair.pem'), cert + key, { mode: 0o600 })
    const script = join(import.meta.dirname, 'backend/main.ts')
    const backend = new Pinned(process.execPath, [script], { core: 'rest', ipc: true })
    const ports = (await backend.message()) as { web: number; tcp: number }
    return new Testbed(folder, backend, ports)
  }

  async start(name: PeerName): Promise<void> {
    const settings = await this.#settings(name)
    const write = (file: string): string => {
      const path = join(settings.FOLDER, `${name}-${file}`)
      writeFileSync(path, filled(file, settings))
      return path
    }
    const { program, args } = peers[name].command(settings, write)
    const env = peerEnvironment(settings)
    const started = new Pinned(program, args, { core: 'proxy', env })
    this.#running.set(name, { process: started, settings })
    await accepting(Number(settings.PLAIN_PORT), started)
  }

  async stop(name: PeerName): Promise<void> {
    const peer = this.#running.get(name)
    this.#running.delete(name)
    await peer?.process.stop()
  }

  /** One round of load, from a process of its own, on a peer that was started. */
  async round(name: PeerName, round: Round): Promise<Sample> {
    const { process: proxy, settings } = this.#running.get(name)!
    const plan: Plan = {
      target: {
        port: Number(round.tls ? settings.TLS_PORT : settings.PLAIN_PORT),
        tls: round.tls,
        path: round.path,
      },
      traffic: round.traffic,
      warmMs: round.warmMs,
      measureMs: round.measureMs,
      proxyPid: proxy.pid,
      backendPid: this.#backend.pid,
      monitorPort: round.traffic.kind === 'scale' ? Number(settings.MONITOR_PORT) : undefined,
    }
    const script = join(import.meta.dirname, 'load/main.ts')
    const load = new Pinned(process.execPath, [script], { core: 'rest', ipc: true })
    const late = globalThis.setTimeout(
      () => load.child.kill('SIGKILL'),
      plan.warmMs + plan.measureMs + patienceMs,
    )
    try {
      load.child.send(plan)
      const outcome = (await load.message()) as Outcome
      if ('error' in outcome) {
        const complaints = proxy.complaints === '' ? '' : ` (it says: ${proxy.complaints})`
        throw new Error(`${peers[name].title}: ${outcome.error}${complaints}`)
      }
      return outcome.sample
    } finally {
      clearTimeout(late)
      await load.stop()
    }
  }

  async close(): Promise<void> {
    for (const name of this.#running.keys()) await this.stop(name)
    await this.#backend.stop()
  }

  async #settings(name: PeerName): Promise<Settings> {
    const [plain, tls, monitor] = [await freePort(), await freePort(), await freePort()]
    const files = openFilesLimit()
    const fit = Math.floor((files - spareFiles) / 2) - spareFiles
    const folder = mkdtempSync(join(this.#folder, `${name}-`))
    chmodSync(folder, 0o755)
    return {
      PLAIN_PORT: String(plain),
      TLS_PORT: String(tls),
      WEB_PORT: String(this.#backendPorts.web),
      TCP_PORT: String(this.#backendPorts.tcp),
      MONITOR_PORT: String(monitor),
      CERT: join(this.#folder, 'cert.pem'),
      KEY: join(this.#folder, 'key.pem'),
      PAIR: join(this.#folder, 'pair.pem'),
      FOLDER: folder,
      MAX_FILES: String(Math.min(files, 2 * mostConnections)),
      MAX_CONNECTIONS: String(Math.min(fit, mostConnections)),
    }
  }
}

/** A port that was free just now: not every peer can choose one itself and say which. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function accepting(port: number, peer: Pinned): Promise<void> {
  const deadline = performance.now() + startingMs
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch (error) {
      // Refused: it has not got there yet.
      if (peer.hasEnded || performance.now() > deadline) {
        throw new Error(`a peer does not start: ${peer.complaints}`, { cause: error })
      }
      await setTimeout(20)
    } finally {
      socket.destroy()
    }
  }
}
