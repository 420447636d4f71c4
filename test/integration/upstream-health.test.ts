import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { startGateway } from '../support/gateway.ts'
import { listening, wsEcho } from '../support/peers.ts'
import { closeOf, echo, mustOpen } from '../support/websocket-client.ts'

let undo: (() => void)[] = []
afterEach(() => {
  for (const one of undo.splice(0).toReversed()) one()
  undo = []
})

/** An echo server that shakes hands for as long as it is well, and answers HTTP always. */
async function fickle() {
  const state = { isWell: true }
  const http = createServer((_, response) => response.end('fine'))
  const sockets = new WebSocketServer({ noServer: true })
  http.on('upgrade', (request, socket, head) => {
    if (!state.isWell) {
      socket.end('HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => undefined)
      webSocket.on('message', (data, binary) => webSocket.send(data, { binary }))
    })
  })
  const peer = await listening(http)
  undo.push(() => peer.close())
  return { url: `http://127.0.0.1:${peer.port}`, state }
}

test('sessions move away from a server that shakes hands no longer, and that is told', async () => {
  const weak = await fickle()
  const strong = await wsEcho()
  undo.push(() => strong.close())
  const url = `http://127.0.0.1:${strong.port}`
  const gateway = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: {
      app: {
        servers: [weak.url, url],
        balance: { hash: 'query:room' },
        health: { websocket: '/', interval: '30ms', timeout: '1s', unhealthyAfter: 2 },
        onDown: 'close',
      },
    },
    routes: [{ name: 'main', proxy: 'app' }],
  })
  undo.push(() => gateway.stop())
  const { log, metrics } = gateway
  const sessions = await Promise.all(
    Array.from({ length: 16 }, (_, room) => mustOpen(gateway.port(), `/?room=${room}`)),
  )
  const opened = log.lines.filter(({ msg }) => msg === 'session opened')
  const onWeak = opened.filter(({ upstream }) => upstream === weak.url).length
  expect(onWeak).toBeGreaterThan(0)
  expect(onWeak).toBeLessThan(16)

  const closes: string[] = []
  const allClosed = new Promise<void>((resolve) => {
    for (const socket of sessions) {
      void closeOf(socket).then((close) => {
        if (closes.push(close) === onWeak) resolve()
      })
    }
  })
  weak.state.isWell = false
  expect(await log.line('server down')).toMatchObject({
    level: 'warn',
    upstream: 'app',
    server: weak.url,
    reason: 'checks failed',
    detail: 'the upgrade was answered with 503',
  })
  await allClosed
  expect(closes).toEqual(Array.from({ length: onWeak }, () => '1012 upstream-removed'))
  const text = await metrics.render()
  expect(text).toContain(`drawbridge_upstream_up{upstream="app",server="${weak.url}"} 0`)
  expect(text).toContain(`drawbridge_upstream_up{upstream="app",server="${url}"} 1`)
  expect(text).toContain('drawbridge_upstream_panic{upstream="app"} 0')
  expect(text).toMatch(/drawbridge_upstream_checks_total\{[^}]*result="failed"\} [2-9]/)

  // Whoever reconnects is elsewhere, until the server is back.
  const before = log.lines.length
  const rooms = Array.from({ length: 16 }, (_, room) => mustOpen(gateway.port(), `/?room=${room}`))
  const [again] = await Promise.all(rooms)
  expect(await echo(again!, 'here')).toBe('here')
  const reopened = log.lines.slice(before).filter(({ msg }) => msg === 'session opened')
  expect(new Set(reopened.map(({ upstream }) => upstream))).toEqual(new Set([url]))
  weak.state.isWell = true
  expect(await log.line('server up')).toMatchObject({ server: weak.url, reason: 'checks passed' })
})
