import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Order } from './churn-peers.ts'
import { GatewayProcess } from './gateway-process.ts'
import type { GatewayOptions, Left, Memory } from './gateway-process.ts'

export interface ChurnOptions extends GatewayOptions {
  readonly connections: number
  readonly rounds: number
}

/** What a gateway was like once all connections of a round were open, and once all had left. */
export interface Round {
  readonly number: number
  readonly socketsOpen: number
  readonly memoryOpen: Memory
  /** After a collection. */
  readonly memoryLeft: Memory
  /** What of it objects and buffers hold. */
  readonly usedBytes: number
  readonly left: Left
}

const peers = fileURLToPath(new URL('churn-peers.ts', import.meta.url))

/**
 * Opens, uses and closes connections over and over against one gateway process.
 * @param told of each round when it is over; number 0 is the gateway before the first
 * @throws {Error} where a connection or its message fails
 */
export async function churn(
  { connections, rounds, ...options }: ChurnOptions,
  told: (round: Round) => void = () => undefined,
): Promise<Round[]> {
  const started: { stop(): unknown }[] = []
  try {
    const upstream = startPeer(started, 'upstream')
    const [port] = (await once(upstream, 'message')) as [number]
    const gateway = await GatewayProcess.start(
      {
        listeners: { edge: { bind: '127.0.0.1:0' } },
        upstreams: { app: { servers: [`http://127.0.0.1:${port}`] } },
        routes: [{ name: 'app', proxy: 'app' }],
        monitor: { bind: '127.0.0.1:0' },
        log: { format: 'json' },
      },
      options,
    )
    started.unshift(gateway)
    const client = startPeer(started, 'client', `ws://127.0.0.1:${gateway.port('edge')}/`)
    const done: Round[] = []
    for (let number = 0; number <= rounds; number++) {
      await order(client, { open: number === 0 ? 0 : connections })
      const [socketsOpen, memoryOpen] = [gateway.openSockets, gateway.memory]
      await order(client, 'close')
      const left = await gateway.left()
      const usedBytes = await gateway.collect()
      const memoryLeft = gateway.memory
      const round = { number, socketsOpen, memoryOpen, memoryLeft, usedBytes, left }
      done.push(round)
      told(round)
    }
    return done
  } finally {
    for (const process of started) await process.stop()
  }
}

function startPeer(started: { stop(): unknown }[], ...args: string[]): ChildProcess {
  const child = fork(peers, args)
  started.push({ stop: () => child.connected && child.disconnect() })
  return child
}

async function order(client: ChildProcess, what: Order): Promise<void> {
  const answer = once(client, 'message')
  client.send(what)
  const [result] = (await answer) as [string]
  if (result !== 'done') throw new Error(result)
}
