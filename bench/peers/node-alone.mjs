// What a proxy on Node costs before it does anything of its own: Node's servers, parser, agent and
// pipes, and nothing that is checked, limited, counted or timed. No product: a floor to compare with.
import { readFileSync } from 'node:fs'
import { Agent, createServer, request as httpRequest } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'

const { PLAIN_PORT, TLS_PORT, WEB_PORT, CERT, KEY } = process.env
const upstream = { host: '127.0.0.1', port: Number(WEB_PORT) }
const agent = new Agent({ keepAlive: true, noDelay: true })

function forward(request, response) {
  const { method, url: path, rawHeaders: headers } = request
  const outgoing = httpRequest({ ...upstream, agent, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders)
    answer.pipe(response)
  })
  outgoing.on('error', () => response.destroy())
  request.pipe(outgoing)
}

function upgrade(request, client, head) {
  const socket = connect({ ...upstream, noDelay: true, allowHalfOpen: true })
  // Half-open: an end goes on as an end, and only a failure takes the other side down.
  client.on('error', () => socket.destroy()).on('close', () => socket.destroy())
  socket.on('error', () => client.destroy()).on('close', () => client.destroy())
  socket.write(headOf(request), 'latin1')
  if (head.length > 0) socket.write(head)
  client.pipe(socket)
  socket.pipe(client)
}

function headOf({ method, url, rawHeaders }) {
  let text = `${method} ${url} HTTP/1.1\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2)
    text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  return `${text}\r\n`
}

const options = { noDelay: true, maxRequestsPerSocket: 0 }
const pair = { cert: readFileSync(CERT), key: readFileSync(KEY) }
const servers = [
  [createServer(options), PLAIN_PORT],
  [createTlsServer({ ...options, ...pair }), TLS_PORT],
]
for (const [server, port] of servers) {
  server.on('request', forward).on('upgrade', upgrade)
  server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
}
