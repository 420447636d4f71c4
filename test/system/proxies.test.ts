import { once } from 'node:events'
import type { ClientRequestArgs } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import type { ClientOptions } from 'ws'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { httpServer, wsEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, accepting, freePort } from '../support/scratch.ts'

/** A client's address that differs from the proxy's; all of 127.0.0.0/8 is loopback. */
const visitor = '127.0.0.2'

/** A proxy that takes connections on one port and hands them to another. */
interface Proxy {
  readonly needs: string
  start(scratch: Scratch, from: number, to: number): Program
}

const haproxy: Proxy = {
  needs: 'haproxy',
  start(scratch, from, to) {
    const config = scratch.write(
      'haproxy.cfg',
      `
defaults
  mode http
  option forwardfor
  timeout connect 5s
  timeout client 30s
  timeout server 30s
  timeout tunnel 30s
frontend front
  bind 127.0.0.1:${from}
  http-request set-header X-Forwarded-Proto https
  default_backend behind
backend behind
  server one 127.0.0.1:${to}
`,
    )
    return new Program('haproxy', ['-db', ['-f', config]])
  },
}

const nginx: Proxy = {
  needs: 'nginx',
  start(scratch, from, to) {
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
  client_max_body_size 0;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  server {
    listen 127.0.0.1:${from};
    location / {
      proxy_pass http://127.0.0.1:${to};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto https;
    }
  }
}
`,
    )
    return new Program('nginx', [['-p', scratch.path, '-c', config, '-e', 'stderr']])
  },
}

for (const proxy of [haproxy, nginx]) {
  describeWith([proxy.needs, 'curl'], proxy.needs, () => {
    let scratch: Scratch
    let program: Program
    let gateway: RunningGateway
    let echo: Awaited<ReturnType<typeof wsEcho>>
    let app: Peer
    /** Where clients go. */
    let port: number

    beforeAll(async () => {
      echo = await wsEcho({ perMessageDeflate: { threshold: 0 } })
      app = await httpServer((request, response) => {
        // An answer that begins while the request still comes is more than nginx can do: it waits
        // for ever.
        void buffer(request).then((body) => response.end(body))
      })
    })

    beforeEach(() => {
      scratch = new Scratch()
    })

    afterEach(async () => {
      gateway?.stop()
      await program?.stop()
      scratch.remove()
    })

    afterAll(() => {
      echo?.close()
      app?.close()
    })

    /** Client, proxy, gateway, application. */
    async function inFront(to: Peer): Promise<void> {
      gateway = await startGateway(
        proxyTo(`http://127.0.0.1:${to.port}`, { trustedProxies: ['127.0.0.1'] }),
      )
      port = await freePort()
      program = proxy.start(scratch, port, gateway.port())
      await accepting(port)
    }

    /** Client, gateway, proxy, application. */
    async function behind(to: Peer): Promise<void> {
      const middle = await freePort()
      program = proxy.start(scratch, middle, to.port)
      await accepting(middle)
      gateway = await startGateway(proxyTo(`http://127.0.0.1:${middle}`))
      port = gateway.port()
    }

    async function open(options: ClientOptions & ClientRequestArgs = {}): Promise<WebSocket> {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, ['one', 'two'], options)
      await once(socket, 'open')
      return socket
    }

    describe.each([
      ['in front of the gateway', inFront],
      ['behind the gateway', behind],
    ])('%s', (_, start) => {
      test('messages, pings and closes go through', async () => {
        await start(echo)
        const socket = await open()
        expect(socket.protocol).toBe('one')
        expect(socket.extensions).toContain('permessage-deflate')
        const big = Buffer.alloc(900_000, 'drawbridge')
        for (const [data, binary] of [
          [Buffer.from('text, ünïcödé'), false],
          [Buffer.alloc(0), true],
          [big, true],
        ] as const) {
          socket.send(data, { binary })
          const [back, isBinary] = await once(socket, 'message')
          expect([data.equals(back), isBinary]).toEqual([true, binary])
        }
        socket.ping('are you there')
        expect(String((await once(socket, 'pong'))[0])).toBe('are you there')
        socket.close(4321, 'enough')
        const [code, reason] = await once(socket, 'close')
        expect([code, String(reason)]).toEqual([4321, 'enough'])
        expect(await gateway.log.line('session closed')).toMatchObject({
          closedBy: 'client',
          code: 4321,
          reason: 'enough',
          received: { messages: 3 },
          sent: { messages: 3 },
        })
      })

      test('a server that closes is heard', async () => {
        await start(echo)
        const connected = once(echo.server, 'connection')
        const socket = await open()
        const [server] = await connected
        server.close(4002, 'over')
        const [code, reason] = await once(socket, 'close')
        expect([code, String(reason)]).toEqual([4002, 'over'])
      })

      test('uploads and downloads are whole', async () => {
        await start(app)
        const body = Buffer.alloc(5_000_000, 'up and down ')
        const [sent, got] = [scratch.write('sent', body), `${scratch.path}/got`]
        const url = `http://127.0.0.1:${port}/page?[1-3]`
        const { code } = await runProgram('curl', [
          ['--silent', '--fail', '--fail-early', '--max-time', '15', '-H', 'Expect: 100-continue'],
          ['--data-binary', `@${sent}`, '--output', `${got}#1`, url],
        ])
        expect(code).toBe(0)
        for (const at of [1, 2, 3]) {
          const { code } = await runProgram('cmp', [sent, `${got}${at}`])
          expect(code).toBe(0)
        }
      })
    })

    test('the client is whom a trusted proxy names, and not whom it claims to be', async () => {
      await inFront(echo)
      const socket = await open({
        localAddress: visitor,
        // The proxy ends TLS, so that the page's origin is the https one.
        headers: {
          Host: 'app.example',
          Origin: 'https://app.example',
          'X-Forwarded-For': '6.6.6.6',
        },
      })
      socket.close()
      await once(socket, 'close')
      const opened = await gateway.log.line('session opened')
      expect(opened).toMatchObject({ client: visitor, host: 'app.example' })
    })

    test('a page of another origin is refused through it', async () => {
      await inFront(echo)
      const socket = new WebSocket(`ws://127.0.0.1:${port}/chat`, {
        headers: { Host: 'app.example', Origin: 'https://evil.example' },
      })
      socket.on('error', () => undefined)
      const [, response] = await once(socket, 'unexpected-response')
      expect(response.statusCode).toBe(403)
      expect(await gateway.log.line('refused')).toMatchObject({ error: 'origin-denied' })
    })

    test('one that leaves takes its sessions along', async () => {
      await behind(echo)
      const socket = await open()
      const closed = once(socket, 'close')
      await program.stop('SIGKILL')
      const [code, reason] = await closed
      expect([code, String(reason)]).toEqual([1011, 'upstream-lost'])
    })
  })
}
