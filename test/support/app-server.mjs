// An app server with HTTP and WebSockets, for tests that stop, kill and slow it down. It answers and echoes with its
// port, which is its name. Over IPC it says when it listens, and is told how slow it has to be.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

let port = Number(process.argv[2])
let delayMs = 0
process.on('message', (message) => (delayMs = message.delayMs))

const soon = (work) => (delayMs === 0 ? work() : setTimeout(() => work(), delayMs))
const server = createServer((_request, response) => soon(() => response.end(String(port))))
const sockets = new WebSocketServer({ noServer: true })
server.on('upgrade', (request, socket, head) => {
  socket.on('error', () => undefined)
  soon(() =>
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => undefined)
      webSocket.on('message', () => webSocket.send(String(port)))
    }),
  )
})
server.listen(port, '127.0.0.1', () => {
  port = server.address().port
  process.send({ port })
})
