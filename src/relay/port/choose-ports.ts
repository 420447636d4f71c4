import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { applyMask } from '../../websocket/mask.ts'
import type { ApplyMask } from '../../websocket/mask.ts'
import { MaskMemory } from '../../websocket/mask-memory.ts'
import { AdoptedPort } from './adopted-port.ts'
import type { FastPath } from './adopted-port.ts'
import { BufferPool } from './buffer-pool.ts'
import { PlainPort } from './plain-port.ts'
import type { Port } from './port.ts'
import { HandleWrites, ReadTakeover } from './socket-internals.ts'

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

/** libuv's own: what one read brings at most. */
const readBytes = 64 * 1024
/** Room for a frame header, and the payload behind it at a place that wide words reach. */
const readAt = 16
const probeMs = 2_000

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
  const fast: FastPath = { reads, writes, pool: new BufferPool(), readBuffer, readAt }
  return {
    path,
    make: (socket, bufferBytes) =>
      reads.fits(socket)
        ? new AdoptedPort(socket, bufferBytes, fast)
        : new PlainPort(socket, bufferBytes),
    mask: memory === undefined ? applyMask : memory.apply.bind(memory),
  }
}

/** Whether bytes come back through a port, before and after a pause, and its server closes. */
async function carries(make: MakePort): Promise<boolean> {
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    try {
      echo(make(socket, readBytes))
    } catch {
      socket.destroy() // Which is an answer: no bytes come back.
    }
  })
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') return false
    const { port } = address
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const late = setTimeout(() => client.destroy(), probeMs)
    let answer = ''
    client.on('error', () => client.destroy())
    client.on('data', (chunk) => {
      answer += chunk.toString('latin1')
      if (answer === 'probe') client.end('again')
    })
    client.write('probe')
    const closed = once(server, 'close')
    await once(client, 'close')
    clearTimeout(late)
    server.close()
    await closed
    return answer === 'probeagain'
  } catch {
    // No loopback interface: nothing is known of this Node, so nothing is taken for granted.
    return false
  } finally {
    server.close()
  }
}

function echo(port: Port): void {
  port.ended = () => port.end()
  port.read((bytes, from, to) => {
    port.write(bytes, from, to)
    bytes.fill(0, from, to)
    setImmediate(() => port.resume())
    return false
  })
}
