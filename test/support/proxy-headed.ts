import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { parseProxyHeader } from '../../src/proxy-protocol/parse.ts'
import { listening } from './peers.ts'
import type { Peer } from './peers.ts'

/** A server that expects a PROXY header in front of each connection. */
export interface HeadedServer extends Peer {
  /** In the order of the connections. */
  readonly headers: Buffer[]
}

/** Takes the header off each connection, notes it, and hands the rest to a server that does not listen. */
export async function headedServer(inner: Server): Promise<HeadedServer> {
  const headers: Buffer[] = []
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let have = Buffer.alloc(0)
    const look = (): void => {
      for (let more: Buffer | null; (more = socket.read() as Buffer | null) !== null;)
        have = Buffer.concat([have, more])
      const header = have.length === 0 ? undefined : parseProxyHeader(have)
      if (header === undefined) return
      socket.off('readable', look)
      headers.push(have.subarray(0, header.length))
      if (have.length > header.length) socket.unshift(have.subarray(header.length))
      inner.emit('connection', socket)
    }
    socket.on('readable', look)
  })
  return { ...(await listening(server)), headers }
}

/** The values of a header's TLVs, or of those inside one, by their type in hex. */
export function tlvTexts(bytes: Buffer, from: number): Record<string, string> {
  const texts: Record<string, string> = {}
  for (let at = from; at < bytes.length; at += 3 + bytes.readUInt16BE(at + 1)) {
    const type = bytes[at]!.toString(16).padStart(2, '0')
    texts[type] = bytes.toString('latin1', at + 3, at + 3 + bytes.readUInt16BE(at + 1))
  }
  return texts
}

/** Of a header over IPv4. */
export const ipv4TlvsAt = 28
