// The proxy that many gateways on Node are built on, as its README sets it up, with an agent that keeps connections.
import { readFileSync } from 'node:fs'
import { Agent, createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import httpProxy from 'http-proxy'

const { PLAIN_PORT, TLS_PORT, WEB_PORT, CERT, KEY } = process.env
const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${WEB_PORT}`,
  agent: new Agent({ keepAlive: true, noDelay: true }),
})
proxy.on('error', (_error, _request, response) => response.destroy())
const options = { noDelay: true, maxRequestsPerSocket: 0 }
const pair = { cert: readFileSync(CERT), key: readFileSync(KEY) }
const servers = [
  [createServer(options), PLAIN_PORT],
  [createTlsServer({ ...options, ...pair }), TLS_PORT],
]
for (const [server, port] of servers) {
  server.on('request', (request, response) => proxy.web(request, response))
  server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
  server.listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 })
}
