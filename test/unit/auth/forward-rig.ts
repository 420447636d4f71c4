import { createServer } from 'node:http'
import type { IncomingMessage, RequestListener } from 'node:http'
import { connect } from 'node:net'
import { Fingerprints } from '../../../src/auth/fingerprint.ts'
import { ForwardAuthenticator } from '../../../src/auth/forward-auth.ts'
import type { Verdict } from '../../../src/auth/authenticator.ts'
import type { ForwardConfig } from '../../../src/config/settled/authenticators.ts'
import { listening, rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { attempt } from './attempts.ts'
import type { Given } from './attempts.ts'

const fingerprints = new Fingerprints()

export function forwardTo(
  port: number,
  config: Partial<ForwardConfig> = {},
  now: () => number = Date.now,
): ForwardAuthenticator {
  const whole: ForwardConfig = {
    kind: 'forward',
    takesCookies: false,
    url: `http://127.0.0.1:${port}/auth?of=edge`,
    send: ['authorization', 'cookie'],
    copy: ['x-user', 'x-role'],
    timeout: 5000,
    cache: 0,
    ...config,
  }
  return new ForwardAuthenticator('legacy', whole, { fingerprints, now })
}

export interface LoginServer {
  readonly peer: Peer
  /** What it was asked. */
  readonly asked: IncomingMessage[]
}

/** A server that answers with `handle`. */
export async function loginServer(handle: RequestListener): Promise<LoginServer> {
  const asked: IncomingMessage[] = []
  const peer = await listening(
    createServer((request, response) => {
      asked.push(request)
      handle(request, response)
    }),
  )
  return { peer, asked }
}

/**
 * A server that writes these bytes for every request head it gets, and then does what `after` says.
 */
export async function answering(
  bytes: string,
  after: 'stay' | 'end' | 'reset' = 'stay',
): Promise<Peer> {
  return await rawServer((socket) => {
    socket.on('data', () => {
      socket.write(Buffer.from(bytes, 'latin1'), () => {
        if (after === 'end') socket.end()
        else if (after === 'reset') socket.resetAndDestroy()
      })
    })
  })
}

/** A port that nobody listens on. */
export async function nobody(): Promise<number> {
  const peer = await rawServer(() => undefined)
  peer.close()
  // Connecting fails from the moment the server has closed.
  for (;;) {
    const refused = await new Promise<boolean>((told) => {
      const socket = connect(peer.port, '127.0.0.1')
      socket.once('connect', () => {
        socket.destroy()
        told(false)
      })
      socket.once('error', () => told(true))
    })
    if (refused) return peer.port
  }
}

/** What becomes of an attempt: the verdict, or what was thrown. */
export async function verdictOf(
  authenticator: ForwardAuthenticator,
  given: Given = {},
): Promise<Verdict | Error> {
  try {
    return await authenticator.authenticate(attempt(given))
  } catch (thrown) {
    if (thrown instanceof Error) return thrown
    throw thrown
  }
}
