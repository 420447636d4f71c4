import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'

export interface GreetingOptions {
  /** The server, for messages. */
  readonly server: string
  /** How it has to begin: ASCII. */
  readonly greeting: string
  readonly signal: AbortSignal
}

/** A service that speaks first does so at once; behind this it is not taken for one any more. */
const patienceMs = 10_000

/**
 * Waits until a service has begun as its protocol says. What it has said stays unread, so that
 * nothing is lost; where this rejects, the socket is destroyed.
 * @throws {GatewayError} `upstream-greeting`, `upstream-lost`, `upstream-timeout`; the signal's
 * reason
 */
export function awaitGreeting(socket: Socket, options: GreetingOptions): Promise<void> {
  const { server, signal } = options
  const expected = Buffer.from(options.greeting, 'latin1')
  return new Promise((resolve, reject) => {
    let said = Buffer.alloc(0)
    const settle = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      socket.off('readable', look).off('end', lost).off('close', lost)
    }
    const fail = (reason: unknown): void => {
      settle()
      socket.destroy()
      reject(reason)
    }
    const look = (): void => {
      for (let bytes: Buffer | null; (bytes = socket.read()) !== null;) {
        said = Buffer.concat([said, bytes])
      }
      const compared = Math.min(said.length, expected.length)
      if (said.compare(expected, 0, compared, 0, compared) !== 0) {
        fail(
          new GatewayError(
            'upstream-greeting',
            `${server}: does not begin with ${shown(expected)}`,
          ),
        )
      } else if (compared === expected.length) {
        settle()
        socket.unshift(said)
        resolve()
      }
    }
    const lost = (): void => fail(new GatewayError('upstream-lost', `${server}: closed in silence`))
    const abort = (): void => fail(signal.reason)
    const timer = setTimeout(
      () => fail(new GatewayError('upstream-timeout', `${server}: silent for ${patienceMs} ms`)),
      patienceMs,
    )
    if (signal.aborted) {
      abort()
      return
    }
    if (socket.destroyed) {
      lost()
      return
    }
    signal.addEventListener('abort', abort)
    socket.on('readable', look).on('end', lost).on('close', lost)
  })
}

function shown(expected: Buffer): string {
  return JSON.stringify(expected.toString('latin1'))
}
