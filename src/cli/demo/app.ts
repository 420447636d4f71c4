import { createServer, type ServerResponse } from 'node:http'
import { WebSocket, WebSocketServer, type RawData } from 'ws'
import { listenOn } from '../../listener/bind.ts'

/**
 * The demo's application as it would stand behind a gateway: clear text, on a loopback port of its
 * own.
 */
export interface DemoApp {
  readonly url: string
  /** Shows a log line of the gateway to every page that follows the records. */
  record(line: string): void
  close(): void
}

const tickMs = 5_000
/** Records a page is shown when it opens. */
const keptRecords = 30

/**
 * A chat: what one says, all hear; bytes come back to whoever sent them. `/records` is the
 * gateway's log as server-sent events, for the page to show.
 */
export async function startApp(): Promise<DemoApp> {
  const followers = new Set<ServerResponse>()
  const records: string[] = []
  const server = createServer((request, response) => {
    if (request.url !== '/records') {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
    response.write(`: the gateway's log\n\n${records.map(asEvent).join('')}`)
    followers.add(response)
    response.once('close', () => followers.delete(response))
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    socket.on('error', () => undefined)
    socket.on('message', (data, isBinary) => {
      if (isBinary) socket.send(data)
      else broadcast(sockets, data)
    })
  })
  const ticks = setInterval(() => {
    broadcast(sockets, JSON.stringify({ kind: 'tick', time: new Date().toISOString() }))
  }, tickMs)
  const { port } = await listenOn(server, { kind: 'tcp', host: '127.0.0.1', port: 0 }, 'demo app')
  return {
    url: `http://127.0.0.1:${port}`,
    record(line) {
      records.push(line)
      if (records.length > keptRecords) records.shift()
      for (const follower of followers) follower.write(asEvent(line))
    },
    close() {
      clearInterval(ticks)
      sockets.close()
      server.close()
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
    },
  }
}

function broadcast(sockets: WebSocketServer, text: RawData | string): void {
  for (const socket of sockets.clients) {
    if (socket.readyState === WebSocket.OPEN) socket.send(text, { binary: false })
  }
}

function asEvent(line: string): string {
  return `data: ${line.trimEnd()}\n\n`
}
