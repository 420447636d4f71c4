import type { Examine } from './examine.ts'

/**
 * Nothing but the connect, which has been. It is closed in good order: a TLS server whose client is
 * gone before the last of the handshake has left would log a failure for every check.
 */
export const examineTcp: Examine = (socket, _server, signal) =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    socket.once('close', () => resolve())
    socket.end(() => resolve())
  })
