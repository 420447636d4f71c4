import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import type { EndKind, Port } from '../../../../src/relay/port/port.ts'
import { SocketPairs } from '../../../support/socket-pair.ts'
import type { SocketPair, Transport } from '../../../support/socket-pair.ts'
import { Tap } from '../../../support/tap.ts'

export type MakePort = (socket: Socket, bufferBytes: number) => Port

export const KiB = 1024
export const MiB = 1024 * KiB

/** Makes ports of one kind on one transport. */
export class PortRig {
  readonly transport: Transport
  readonly make: MakePort
  #pairs: SocketPairs | undefined

  constructor(transport: Transport, make: MakePort) {
    this.transport = transport
    this.make = make
  }

  async open(): Promise<void> {
    this.#pairs = await SocketPairs.open(this.transport)
  }

  connect(): Promise<SocketPair> {
    return this.#pairs!.connect()
  }

  async start(bufferBytes = 64 * KiB): Promise<Ends> {
    const { ours, peer } = await this.connect()
    return new Ends(this.make(ours, bufferBytes), ours, peer)
  }

  async startOnTap(): Promise<Ends & { tap: Tap }> {
    const pairs = this.#pairs!
    const tap = await Tap.open(pairs.port)
    const { ours, peer } = await pairs.connect(tap.port)
    return Object.assign(new Ends(this.make(ours, 64 * KiB), ours, peer), { tap })
  }

  /** Waits until nothing is open any more. */
  async idle(): Promise<void> {
    await until(() => this.#pairs?.open === 0)
  }

  async close(): Promise<void> {
    await this.#pairs?.close()
  }
}

/** A port and the other end of its socket, with everything the port tells. */
export class Ends {
  readonly port: Port
  readonly ours: Socket
  readonly peer: Socket
  readonly ends: EndKind[] = []
  readonly closed: Promise<void>

  constructor(port: Port, ours: Socket, peer: Socket) {
    this.port = port
    this.ours = ours
    this.peer = peer
    port.ended = (how) => this.ends.push(how)
    this.closed = new Promise((resolve) => {
      port.closed = resolve
    })
  }
}

/** Reads everything, and answers the end with one unless told otherwise. */
export function collect(port: Port, answerEnd = true): () => Buffer {
  const chunks: Buffer[] = []
  if (answerEnd) port.ended = () => port.end()
  port.read((bytes, from, to) => {
    chunks.push(Buffer.from(bytes.subarray(from, to)))
    return true
  })
  return () => Buffer.concat(chunks)
}

export async function everything(socket: Socket): Promise<Buffer> {
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  await once(socket, 'end')
  return Buffer.concat(chunks)
}

/** Waits turn by turn of the event loop; the test's own timeout bounds it. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await turn()
}

/** Whether the other end has taken nothing since the last look. */
const lastProgress = new WeakMap<Port, { progress: number; looks: number }>()
export function still(port: Port): boolean {
  const { progress } = port
  const last = lastProgress.get(port)
  const looks = last?.progress === progress ? last.looks + 1 : 0
  lastProgress.set(port, { progress, looks })
  return looks > 200
}

/** The TLS records of a stream. */
export function records(stream: Buffer): { type: number; length: number }[] {
  const found = []
  for (let at = 0; at + 5 <= stream.length; at += 5 + found.at(-1)!.length) {
    found.push({ type: stream[at]!, length: stream.readUInt16BE(at + 3) })
  }
  return found
}
