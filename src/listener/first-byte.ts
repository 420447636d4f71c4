import type { Socket } from 'node:net'

/** The type of the TLS record that a ClientHello comes in (RFC 8446 section 5.1). No method begins so. */
const handshakeRecord = 0x16

/**
 * Waits for a client's first byte and says whether it opens TLS. The byte stays unread, and the
 * socket as it was: whoever takes it over, TLS or HTTP, reads it from the start. A client that
 * leaves before it has said anything is let go; how long it may be silent is the caller's matter.
 */
export function awaitFirstByte(socket: Socket, known: (opensTls: boolean) => void): void {
  const look = (): void => {
    const bytes: Buffer | null = socket.read()
    // At the end of the stream there is something to read, namely nothing.
    if (bytes === null) return
    socket.off('readable', look).off('end', gone)
    socket.unshift(bytes)
    known(bytes[0] === handshakeRecord)
  }
  const gone = (): void => {
    socket.destroy()
  }
  socket.on('readable', look).once('end', gone)
}
