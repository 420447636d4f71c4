import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { TestAuthority } from '../support/client-certs.ts'
import { bridgeTo, proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { clientFrame } from '../support/frames.ts'
import { wsEcho } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { Scratch, accepting, freePort } from '../support/scratch.ts'

/** A client's address that is neither the gateway's nor the backend's; all of 127.0.0.0/8 is loopback. */
const visitor = '127.0.0.2'

let scratch: Scratch
let program: Program
let running: RunningGateway

beforeEach(() => {
  scratch = new Scratch()
})
afterEach(async () => {
  running?.stop()
  await program?.stop()
  scratch.remove()
})

/** What a server with these URLs tells of a request that the visitor sends to the gateway. */
async function told(version: 'v1' | 'v2', url: string, tls: object = {}): Promise<string> {
  running = await startGateway({
    ...proxyTo('http://unused:1'),
    upstreams: { app: { servers: [url], sendProxyProtocol: version, tls } },
  })
  const { code, stdout } = await runProgram('curl', [
    ['--silent', '--fail', '--max-time', '15', '--interface', visitor],
    ['-H', 'Host: app.example', `http://127.0.0.1:${running.port()}/`],
  ])
  expect(code).toBe(0)
  return stdout
}

describeWith(['nginx', 'curl'], 'nginx', () => {
  async function start(listen: string, more = ''): Promise<number> {
    const port = await freePort()
    const config = scratch.write(
      'nginx.conf',
      `
daemon off;
master_process off;
pid ${scratch.path}/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${scratch.path}/body;
  proxy_temp_path ${scratch.path}/proxy;
  fastcgi_temp_path ${scratch.path}/fastcgi;
  uwsgi_temp_path ${scratch.path}/uwsgi;
  scgi_temp_path ${scratch.path}/scgi;
  server {
    listen 127.0.0.1:${port} ${listen} proxy_protocol;
    ${more}
    location / {
      return 200 "$proxy_protocol_addr:$proxy_protocol_port>$proxy_protocol_server_addr:$proxy_protocol_server_port $host $ssl_client_s_dn";
    }
  }
}
`,
    )
    program = new Program('nginx', [['-p', scratch.path, '-c', config, '-e', 'stderr']])
    await accepting(port)
    return port
  }

  test.each(['v1', 'v2'] as const)('takes %s and knows the client', async (version) => {
    const body = await told(version, `http://127.0.0.1:${await start('')}`)
    const [ends, host] = body.split(' ')
    expect(ends).toMatch(/^127\.0\.0\.2:[1-9]\d*>127\.0\.0\.1:\d+$/)
    expect(ends).toContain(`>127.0.0.1:${running.port()}`)
    expect(host).toBe('app.example')
  })

  test.each(['v1', 'v2'] as const)(
    'takes %s in front of TLS, and the gateway’s certificate behind it',
    async (version) => {
      const { ca, cert, key } = await scratch.certificate(['localhost'])
      const gateways = new TestAuthority('gateways')
      const own = gateways.issue({ subject: [['CN', 'gateway']] })
      const port = await start(
        'ssl',
        `ssl_certificate ${cert}; ssl_certificate_key ${key};
    ssl_client_certificate ${scratch.write('gateways.crt', gateways.cert)}; ssl_verify_client on;`,
      )
      const tls = {
        ca: scratch.write('ca.crt', ca),
        cert: scratch.write('own.crt', own.cert),
        key: scratch.write('own.key', own.key),
      }
      const body = await told(version, `https://localhost:${port}`, tls)
      expect(body).toMatch(/^127\.0\.0\.2:[1-9]\d*>127\.0\.0\.1:\d+ app\.example CN=gateway$/)
    },
  )
})

describeWith(['haproxy', 'curl'], 'HAProxy', () => {
  async function start(text: (port: number) => string): Promise<number> {
    const port = await freePort()
    const config = scratch.write(
      'haproxy.cfg',
      `
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
${text(port)}
`,
    )
    program = new Program('haproxy', ['-db', ['-f', config]])
    return port
  }

  /** Answers with what it knows of a connection. */
  const teller = (port: number): string => `
frontend front
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port]>%[dst]:%[dst_port] %[fc_pp_authority] %[fc_pp_unique_id]"
`

  test.each(['v1', 'v2'] as const)('takes %s and knows the client', async (version) => {
    const port = await start(teller)
    await accepting(port)
    const body = await told(version, `http://127.0.0.1:${port}`)
    const [ends, authority, id] = body.trim().split(' ')
    expect(ends).toMatch(/^127\.0\.0\.2:[1-9]\d*>127\.0\.0\.1:\d+$/)
    expect(ends).toContain(`>127.0.0.1:${running.port()}`)
    const logged = await running.log.line('request')
    if (version === 'v2') expect([authority, id]).toEqual(['app.example', logged.id])
    else expect(authority ?? '').toBe('')
  })

  test('takes v2 in front of a bridge’s bytes', async () => {
    const port = await start(teller)
    await accepting(port)
    running = await startGateway({
      // HAProxy ends the session; this client does not answer the Close that comes of it.
      ...bridgeTo('tcp://unused:1', { timeouts: { closing: '100ms' } }),
      upstreams: { backend: { servers: [`tcp://127.0.0.1:${port}`], sendProxyProtocol: 'v2' } },
    })
    const client = await RawClient.connect(running.port())
    client.send(upgradeHead('/'))
    expect((await client.head()).status).toBe(101)
    client.send(clientFrame({ payload: 'GET / HTTP/1.0\r\n\r\n' }))
    const opened = await running.log.line('session opened')
    const answer = String(await client.closed())
    expect(answer).toContain(`127.0.0.1:${client.socket.localPort}>127.0.0.1:${running.port()} `)
    expect(answer).toContain(` localhost ${String(opened.id)}`)
    client.destroy()
  })

  test.each([
    'send-proxy',
    'send-proxy-v2',
    'send-proxy-v2 proxy-v2-options unique-id,crc32c,authority',
  ])('tells the gateway of its clients with %s, and is told of nothing else', async (option) => {
    const echo = await wsEcho()
    running = await startGateway(
      proxyTo(`http://127.0.0.1:${echo.port}`, {
        listeners: {
          edge: { bind: '127.0.0.1:0', acceptProxyProtocol: { from: ['127.0.0.1'] } },
        },
      }),
    )
    const port = await start(
      (own) => `
  mode tcp
frontend front
  bind 127.0.0.1:${own}
  unique-id-format %[uuid]
  default_backend gateway
backend gateway
  server one 127.0.0.1:${running.port()} check inter 100ms ${option}
`,
    )
    await accepting(port)
    const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, { localAddress: visitor })
    await once(socket, 'open')
    socket.send('hello')
    expect(String((await once(socket, 'message'))[0])).toBe('hello')
    expect(await running.log.line('session opened')).toMatchObject({ client: visitor })
    socket.close(1000)
    await once(socket, 'close')
    // Its checks come with LOCAL or leave unheard: neither is a fault.
    expect(running.log.lines.filter(({ msg }) => msg === 'refused')).toEqual([])
    echo.close()
  })

  test('an announced client of TLS that HAProxy passes through', async () => {
    const { cert, key } = await scratch.certificate(['localhost'])
    running = await startGateway({
      listeners: {
        edge: {
          bind: '127.0.0.1:0',
          acceptProxyProtocol: { from: ['127.0.0.1'] },
          tls: { certificates: [{ cert, key }] },
        },
      },
      routes: [{ name: 'main', respond: { status: 200, body: 'hello' } }],
    })
    const port = await start(
      (own) => `
  mode tcp
listen through
  bind 127.0.0.1:${own}
  server one 127.0.0.1:${running.port()} send-proxy-v2
`,
    )
    await accepting(port)
    const { stdout } = await runProgram('curl', [
      ['--silent', '--insecure', '--max-time', '15', '--interface', visitor],
      [`https://127.0.0.1:${port}/`],
    ])
    expect(stdout).toBe('hello')
    expect(await running.log.line('request')).toMatchObject({ client: visitor })
  })
})
