import { once } from 'node:events'
import type { EventEmitter } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { applyMask } from '../../websocket/mask.ts'
import type { ApplyMask } from '../../websocket/mask.ts'
import { MaskMemory } from '../../websocket/mask-memory.ts'
import { AdoptedPort } from './adopted-port.ts'
import type { FastPath } from './adopted-port.ts'
import { BufferPool } from './buffer-pool.ts'
import { PlainPort } from './plain-port.ts'
import type { Port } from './port.ts'
import { HandleWrites, ReadTakeover } from './socket-internals.ts'
import { TurnEnd } from './turn-end.ts'

/** Turns a socket into a port, which owns it from then on: see SocketPort. */
export type MakePort = (socket: Socket, bufferBytes: number) => Port

/**
 * `plain` is Node's streams alone; `adopted` reads past them; `direct` writes past them too.
 */
export type DataPath = 'plain' | FastDataPath
type FastDataPath = 'adopted' | 'direct'

export interface Ports {
  readonly path: DataPath
  readonly make: MakePort
  /** Applies a masking key: fastest to what these ports have read. */
  readonly mask: ApplyMask
}

/** What one read brings at most: a message of 64 KiB with its header, so that it is not cut in two. */
const readBytes = 65 * 1024
/** Room for a frame header, and the payload behind it at a place that wide words reach. */
const readAt = 16
const probeMs = 2_000
const greeting = Buffer.from('probe')
const blockBytes = 32 * 1024
/** More than any kernel holds for a connection; the first that waits is the last. */
const maxBlocks = 2048

/**
 * The fastest ports that this Node is seen to carry, up to `most`: each is tried once over a
 * connection of our own, on the loopback interface. One that fails, or is not there, is passed
 * over for the next.
 */
export async function choosePorts(
  most: DataPath = 'direct',
  build: (path: FastDataPath) => Ports | undefined = fastPorts,
): Promise<Ports> {
  const paths: FastDataPath[] = ['direct', 'adopted']
  for (const path of most === 'plain' ? [] : paths.slice(paths.indexOf(most))) {
    const ports = build(path)
    if (ports !== undefined && (await carries(ports.make))) return ports
  }
  return plainPorts
}

export const plainPorts: Ports = {
  path: 'plain',
  make: (socket, bufferBytes) => new PlainPort(socket, bufferBytes),
  mask: applyMask,
}

/** @returns undefined where this Node does not have what it takes; whether it works is not tried */
export function fastPorts(path: FastDataPath): Ports | undefined {
  const reads = ReadTakeover.find()
  const writes = path === 'direct' ? HandleWrites.find() : undefined
  if (reads === undefined || (path === 'direct' && writes === undefined)) return undefined
  const memory = MaskMemory.create()
  const buffer = memory?.bytes ?? Buffer.allocUnsafeSlow(readAt + readBytes)
  const readBuffer = buffer.subarray(0, readAt + readBytes)
  const fast: FastPath = {
    reads,
    writes,
    pool: new BufferPool(),
    turnEnd: new TurnEnd(),
    readBuffer,
    readAt,
  }
  return {
    path,
    make: (socket, bufferBytes) =>
      reads.fits(socket)
        ? new AdoptedPort(socket, bufferBytes, fast)
        : new PlainPort(socket, bufferBytes),
    mask: memory === undefined ? applyMask : memory.apply.bind(memory),
  }
}

/**
 * Whether a connection brings back what is sent, goes on after a pause, keeps its bytes while the
 * kernel takes no more of them, and closes.
 */
async function carries(make: MakePort): Promise<boolean> {
  const ends: Socket[] = []
  const over = Promise.withResolvers<boolean>()
  const late = setTimeout(() => over.resolve(false), probeMs)
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    ends.push(socket)
    server.close() // Which is over when the socket is.
    try {
      answer(make(socket, readBytes), () => client?.resume())
    } catch {
      over.resolve(false)
    }
  })
  let client: Socket | undefined
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') return false
    client = connect({ port: address.port, host: '127.0.0.1', allowHalfOpen: true })
    ends.push(client)
    const right = check(client)
    // The port is gone as soon as the kernel has its last bytes, which the client may not have yet.
    void Promise.all([closing(server), closing(client)]).then(() => over.resolve(right()))
    return await over.promise
  } catch {
    // No loopback interface: nothing is known of this Node, so nothing is taken for granted.
    return false
  } finally {
    clearTimeout(late)
    server.close()
    // Nothing of it is left when it is over; Node counts a handle until its last callback is.
    await Promise.all(ends.map(gone))
    await turn()
  }
}

async function gone(socket: Socket): Promise<void> {
  if (socket.closed) return
  const closed = closing(socket)
  socket.destroy()
  await closed
}

function closing(end: EventEmitter): Promise<void> {
  return new Promise((resolve) => {
    end.once('close', () => resolve())
  })
}

/** Echoes a greeting, then sends more than the kernel takes. @param full called once it does */
function answer(port: Port, full: () => void): void {
  let greeted = false
  port.ended = () => port.end()
  port.read((bytes, from, to) => {
    if (greeted) {
      const block = Buffer.alloc(blockBytes)
      let sent = 0
      // What it was given may change as soon as it has returned.
      while (sent < maxBlocks && port.write(block.fill(sent), 0, block.length)) sent++
      block.fill(0xff)
      full()
      return true
    }
    greeted = true
    port.write(bytes, from, to)
    bytes.fill(0, from, to)
    setImmediate(() => port.resume())
    return false
  })
}

/** The other end: reads nothing of the blocks until it is resumed. @returns whether all was right */
function check(client: Socket): () => boolean {
  let received = 0
  let right = true
  client.on('error', () => client.destroy())
  client.on('data', (bytes: Buffer) => {
    let at = 0
    if (received === 0) {
      right &&= bytes.equals(greeting)
      client.pause()
      client.end(greeting)
      at = bytes.length
    }
    for (; at < bytes.length; at++) {
      const block = Math.floor((received + at - greeting.length) / blockBytes)
      right &&= bytes[at] === (block & 0xff)
    }
    received += bytes.length
  })
  client.write(greeting)
  return () =>
    right && received > greeting.length && (received - greeting.length) % blockBytes === 0
}
