import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import type { Endpoints } from '../proxy-protocol/endpoints.ts'
import { parseProxyHeader } from '../proxy-protocol/parse.ts'
import type { ParsedHeader } from '../proxy-protocol/parsed-header.ts'

export interface ProxyHeaderOutcome {
  /**
   * The header has been taken off the socket, which is otherwise as it was: what came behind it is
   * still to be read. @param endpoints undefined where the addresses of the socket stand
   */
  readonly read: (endpoints: Endpoints | undefined) => void
  /** Not a byte of it is to be taken for anything else. `proxy-header-invalid` */
  readonly refused: (error: GatewayError) => void
}

/**
 * Reads the PROXY header that a connection has to begin with. A proxy that leaves before it has
 * said anything only looked whether somebody listens, and is let go; how long it may be silent is
 * the caller's matter.
 */
export function readProxyHeader(socket: Socket, { read, refused }: ProxyHeaderOutcome): void {
  let have = Buffer.alloc(0)
  const look = (): void => {
    for (let more: Buffer | null; (more = socket.read()) !== null;)
      have = Buffer.concat([have, more])
    // At the end of the stream there is something to read, namely nothing.
    if (have.length === 0) return
    const header = parsed(have)
    if (header === undefined) return
    socket.off('readable', look).off('end', gone)
    if (header instanceof GatewayError) {
      refused(header)
      return
    }
    if (have.length > header.length) socket.unshift(have.subarray(header.length))
    read(header.endpoints)
  }
  const gone = (): void => {
    if (have.length === 0) socket.destroy()
    else refused(new GatewayError('proxy-header-invalid', 'the PROXY header: it was cut off'))
  }
  socket.on('readable', look).once('end', gone)
}

function parsed(bytes: Buffer): ParsedHeader | GatewayError | undefined {
  try {
    return parseProxyHeader(bytes)
  } catch (error) {
    return GatewayError.from(error)
  }
}
