/**
 * What the rates of a session cost the relay: CPU time of its thread per message, with limits that
 * are never reached and with none, turn about in one process. The peers run in a thread of their
 * own, so that their work is not counted.
 *
 *     node bench/limits.ts
 */
// oxlint-disable unicorn/require-post-message-target-origin -- threads have no origin
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import type { RateLimit } from '../src/config/settled/limits.ts'
import type { SessionFacts } from '../src/observe/connection-record.ts'
import { Session } from '../src/relay/session.ts'
import { fastPorts, plainPorts } from '../src/relay/port/choose-ports.ts'
import { Sweep } from '../src/relay/sweep.ts'
import { relayWebSocket } from '../src/relay/websocket-relay.ts'
import type { SessionOptions } from '../src/relay/session-options.ts'

interface Load {
  readonly name: string
  readonly payloadBytes: number
  /** Messages in one write; the next one follows when all have arrived. */
  readonly batch: number
  readonly messages: number
}

const loads: readonly Load[] = [
  { name: '64 B, one at a time', payloadBytes: 64, batch: 1, messages: 5_000 },
  { name: '64 B, 900 a write', payloadBytes: 64, batch: 900, messages: 900_000 },
  { name: '1 KiB, 60 a write', payloadBytes: 1024, batch: 60, messages: 120_000 },
  { name: '16 KiB, 4 a write', payloadBytes: 16_384, batch: 4, messages: 12_000 },
]
const rounds = 40

const none: RateLimit = {
  rate: { count: Infinity, perMs: 1000 },
  burst: Infinity,
  over: 'throttle',
}
const high: RateLimit = { rate: { count: 1e12, perMs: 1000 }, burst: 1e12, over: 'throttle' }

function options(rate: RateLimit, sweep: Sweep): SessionOptions {
  return {
    limits: {
      message: { fromClient: 2 ** 20, fromUpstream: Infinity },
      messageOver: { fromClient: 'close', fromUpstream: 'close' },
      messageRate: { fromClient: rate, fromUpstream: rate },
      byteRate: { fromClient: rate, fromUpstream: rate },
      controlFrameRate: { rate: { count: 50, perMs: 1000 }, burst: 50, over: 'close' },
      buffer: 65_536,
    },
    ports: fastPorts('direct') ?? plainPorts,
    timeouts: {
      idle: Infinity,
      ping: 30_000,
      pong: 20_000,
      stall: 60_000,
      lifetime: Infinity,
      closing: 5_000,
    },
    sweep,
  }
}

const facts: SessionFacts = {
  id: '',
  listener: '',
  route: '',
  client: '',
  host: '',
  path: '',
  upstream: '',
  subprotocol: undefined,
}

async function main(): Promise<void> {
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sweep = new Sweep()
  sweep.start()
  const port = (server.address() as AddressInfo).port
  const peers = new Worker(new URL(import.meta.url), { workerData: { port } })
  const accepted: Socket[] = []
  server.on('connection', (socket) => accepted.push(socket))

  /**
   * One session of its own, since two connections are never quite alike. @returns us of CPU per
   * message
   */
  const run = async (load: Load, rate: RateLimit): Promise<number> => {
    peers.postMessage(load)
    while (accepted.length < 2) await once(server, 'connection')
    const [client, upstream] = accepted.splice(0) as [Socket, Socket]
    const done = once(peers, 'message')
    const before = process.threadCpuUsage()
    const session = new Session(facts, 'websocket')
    const ended = relayWebSocket(session, client, upstream, {
      ...options(rate, sweep),
      deflate: false,
    })
    await done
    const { user, system } = process.threadCpuUsage(before)
    client.destroy()
    upstream.destroy()
    await ended
    return (user + system) / load.messages
  }

  console.log('us of CPU per message     off      on  difference')
  for (const load of loads) {
    // Sums: the kernel counts CPU time in steps of milliseconds, which evens out over many runs and
    // in no single one.
    const spent: [off: number, on: number] = [0, 0]
    for (let round = -2; round < rounds; round += 1) {
      for (const mode of round % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        const used = await run(load, mode === 0 ? none : high)
        if (round >= 0) spent[mode] += used / rounds
      }
    }
    const [off, on] = spent
    const difference = `${(((on - off) / off) * 100).toFixed(1)} %`
    console.log(
      `${load.name.padEnd(22)} ${off.toFixed(3).padStart(8)} ${on.toFixed(3).padStart(7)}  ${difference.padStart(8)}`,
    )
  }
  await peers.terminate()
  sweep.stop()
  server.close()
}

/**
 * The two ends of a session for each load: what is written to the client's is counted at the
 * upstream's.
 */
function playPeers(port: number): void {
  parentPort?.on('message', (load: Load) => {
    // Accepted in the order in which they connect.
    const client = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
      const upstream = connect({ port, host: '127.0.0.1', noDelay: true }, () => {
        drive(client, upstream, load)
      })
    })
    client.on('error', () => client.destroy())
  })
}

function drive(client: Socket, upstream: Socket, load: Load): void {
  const batch = Buffer.concat(Array.from({ length: load.batch }, () => frame(load.payloadBytes)))
  let left = load.messages / load.batch
  let expected = batch.length
  upstream.on('error', () => upstream.destroy())
  upstream.on('data', (chunk: Buffer) => {
    expected -= chunk.length
    if (expected > 0) return
    expected = batch.length
    left -= 1
    if (left > 0) client.write(batch)
    else parentPort?.postMessage('done')
  })
  client.write(batch)
}

/**
 * A client's binary message under a key of zeros, which is as good as any other to who does not
 * unmask.
 */
function frame(payloadBytes: number): Buffer {
  const extended = payloadBytes < 126 ? 0 : 2
  const bytes = Buffer.alloc(2 + extended + 4 + payloadBytes)
  bytes[0] = 0x82
  bytes[1] = 0x80 | (extended === 0 ? payloadBytes : 126)
  if (extended > 0) bytes.writeUInt16BE(payloadBytes, 2)
  return bytes
}

if (isMainThread) await main()
else playPeers((workerData as { port: number }).port)
