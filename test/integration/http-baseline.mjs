// The proxy that many gateways are built on, as its README sets it up: WebSockets included, with an agent that keeps
// connections. Prints its port.
import { Agent, createServer } from 'node:http'
import httpProxy from 'http-proxy'

const proxy = httpProxy.createProxyServer({
  target: `http://127.0.0.1:${process.argv[2]}`,
  agent: new Agent({ keepAlive: true }),
})
proxy.on('error', (_error, _request, response) => response.destroy())
const server = createServer((request, response) => proxy.web(request, response))
server.on('upgrade', (request, socket, head) => proxy.ws(request, socket, head))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
