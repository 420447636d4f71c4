import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { WebSocketServer } from 'ws'
import { listening } from './peers.ts'
import type { Peer } from './peers.ts'

/** One request as the upstream got it. */
export interface Recorded {
  readonly method: string
  readonly url: string
  readonly rawHeaders: readonly string[]
  /** The values of a header, one entry a line. @param name in lower case */
  readonly all: (name: string) => string[]
}

/** An upstream that answers requests with 200, echoes messages, and notes what it was asked. */
export interface NotingUpstream extends Peer {
  readonly requests: Recorded[]
}

export async function notingUpstream(): Promise<NotingUpstream> {
  const requests: Recorded[] = []
  const http = createServer((request, response) => {
    requests.push(recorded(request))
    response.end('served')
  })
  const server = new WebSocketServer({ server: http })
  server.on('connection', (socket, request) => {
    requests.push(recorded(request))
    socket.on('error', () => undefined)
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
  return { ...(await listening(http)), requests }
}

function recorded({ method = '', url = '', rawHeaders }: IncomingMessage): Recorded {
  const all = (name: string): string[] =>
    rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]!.toLowerCase() === name)
  return { method, url, rawHeaders, all }
}
