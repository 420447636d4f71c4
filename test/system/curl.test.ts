import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { httpServer, wsEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import type { Arguments, Result } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { sampleAccept, sampleKey } from '../support/raw-client.ts'
import { Scratch } from '../support/scratch.ts'

const mebibyte = 1024 * 1024

describeWith(['curl'], 'curl', () => {
  const scratch = new Scratch()
  const file = randomBytes(3 * mebibyte)
  let app: Peer
  let echo: Awaited<ReturnType<typeof wsEcho>>
  let gateway: RunningGateway
  let authority: string
  /** Heads that the application has seen in this test. */
  let heads: { method: string; url: string; headers: Record<string, unknown> }[] = []

  beforeAll(async () => {
    app = await httpServer((request, response) => {
      const { method = '', url = '', headers } = request
      heads.push({ method, url, headers })
      const hash = createHash('sha256')
      request.on('data', (chunk: Buffer) => hash.update(chunk))
      request.on('end', () => {
        response.setHeader('X-Version', request.httpVersion)
        response.end(`${hash.digest('hex')}\n`)
      })
    })
    echo = await wsEcho()
    echo.server.on('connection', (socket) => socket.close(4001, 'seen'))
    scratch.write('file.bin', file)
    scratch.write('.hidden', 'not for visitors')
    const { ca, cert, key } = await scratch.certificate(['localhost'])
    authority = scratch.write('authority.crt', ca)
    gateway = await startGateway({
      listeners: {
        plain: { bind: '127.0.0.1:0' },
        secure: { bind: '127.0.0.1:0', tls: { certificates: [{ cert, key }] } },
      },
      upstreams: {
        app: { servers: [`http://127.0.0.1:${app.port}`] },
        echo: { servers: [`http://127.0.0.1:${echo.port}`] },
      },
      routes: [
        { match: { path: '/files/*' }, static: scratch.path },
        { match: { path: '/small' }, limits: { body: '1MiB' }, proxy: 'app' },
        { match: { path: '/chat' }, proxy: 'echo' },
        { proxy: 'app' },
      ],
    })
  })

  beforeEach(() => {
    heads = []
  })

  afterAll(() => {
    gateway?.stop()
    app?.close()
    echo?.close()
    scratch.remove()
  })

  async function curl(path: string, args: Arguments = []): Promise<Result> {
    const url = `http://localhost:${gateway.port('plain')}${path}`
    const common = ['--silent', '--show-error', '--path-as-is', '--max-time', '15']
    return await runProgram('curl', [common, ...args, url])
  }

  async function upload(path: string, args: Arguments): Promise<Result> {
    return await curl(path, [['-T', `${scratch.path}/file.bin`], ...args])
  }

  describe('uploads', () => {
    const digest = createHash('sha256').update(file).digest('hex')

    test('with Expect: 100-continue', async () => {
      const { stdout, stderr } = await upload('/put', ['-v', ['-H', 'Expect: 100-continue']])
      expect(stderr).toMatch(/< HTTP\/1.1 100 Continue[^]*< HTTP\/1.1 200 OK/)
      expect(stdout).toBe(`${digest}\n`)
      expect(heads).toMatchObject([
        { method: 'PUT', headers: { 'content-length': `${file.length}` } },
      ])
    })

    test('in chunks', async () => {
      const { stdout } = await upload('/put', [['-H', 'Transfer-Encoding: chunked']])
      expect(stdout).toBe(`${digest}\n`)
      expect(heads).toMatchObject([{ headers: { 'transfer-encoding': 'chunked' } }])
    })

    test('over the limit are refused before a byte of them is sent', async () => {
      const { stdout, stderr } = await upload('/small', ['-v', ['-H', 'Expect: 100-continue']])
      expect(stderr).toContain('< HTTP/1.1 413 ')
      expect(stderr).not.toContain('100 Continue')
      expect(stdout).toContain('body-too-big')
      expect(heads).toEqual([])
    })

    test('with another expectation are refused', async () => {
      const { stdout } = await curl('/put', [
        ['-d', 'x'],
        ['-H', 'Expect: 200-ok'],
      ])
      expect(stdout).toContain('expectation-unsupported')
      expect(heads).toEqual([])
    })
  })

  test('an offer of HTTP/2 in clear text is served as HTTP/1.1', async () => {
    const { stdout, stderr } = await curl('/page', ['--http2', '-v'])
    expect(stderr).toMatch(/> Upgrade: h2c[^]*< HTTP\/1.1 200 OK/)
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/)
    expect(heads).toHaveLength(1)
    for (const name of ['upgrade', 'http2-settings', 'connection']) {
      expect(heads[0]!.headers[name] ?? 'keep-alive').toBe('keep-alive')
    }
  })

  test('HTTP/2 without asking is not understood', async () => {
    const { code, stdout } = await curl('/page', ['--http2-prior-knowledge'])
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
    expect(heads).toEqual([])
  })

  test('TLS, with a certificate that its authority vouches for, and HTTP/1.1 by ALPN', async () => {
    const { code, stdout } = await runProgram('curl', [
      ['--silent', '--show-error', '--max-time', '15', '--cacert', authority],
      ['--http2', '--write-out', '%{http_version} %{ssl_verify_result}', '--output', '/dev/null'],
      `https://localhost:${gateway.port('secure')}/page`,
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1.1 0' })
    expect(heads).toMatchObject([{ headers: { 'x-forwarded-proto': 'https' } }])
  })

  test('several requests on one connection', async () => {
    const url = `http://localhost:${gateway.port('plain')}/page`
    const { stdout } = await runProgram('curl', [
      ['--silent', '--max-time', '15', '--write-out', '%{num_connects}', '--output', '/dev/null'],
      [`${url}?[1-5]`],
    ])
    expect(stdout).toBe('10000')
    expect(heads.map(({ url }) => url)).toEqual([1, 2, 3, 4, 5].map((at) => `/page?${at}`))
  })

  test('--compressed, cookies and a HEAD', async () => {
    await curl('/page', ['--compressed', ['--cookie', 'a=1'], '--head'])
    expect(heads).toMatchObject([
      { method: 'HEAD', headers: { 'accept-encoding': expect.any(String), cookie: 'a=1' } },
    ])
  })

  test.each([
    ['the beginning', '0-9', 0, 10],
    ['the middle', '1000000-1000099', 1_000_000, 1_000_100],
    ['the end', '-5', file.length - 5, file.length],
    ['what is left', `${file.length - 3}-`, file.length - 3, file.length],
  ])('a range of a file: %s', async (_, range, from, to) => {
    const target = `${scratch.path}/part.bin`
    const { stdout } = await curl('/files/file.bin', [
      ['-r', range, '--output', target, '--write-out', '%{http_code}'],
    ])
    expect(stdout).toBe('206')
    expect(readFileSync(target).equals(file.subarray(from, to))).toBe(true)
  })

  test('a download that was cut is resumed', async () => {
    const target = scratch.write('resumed.bin', file.subarray(0, mebibyte))
    const { code } = await curl('/files/file.bin', [['--continue-at', '-', '--output', target]])
    expect(code).toBe(0)
    expect(readFileSync(target).equals(file)).toBe(true)
  })

  test.each([
    ['a path that climbs', '/files/../etc/passwd', [], '400'],
    ['one that climbs in escapes', '/files/%2e%2e/etc/passwd', [], '400'],
    ['TRACE', '/page', ['-X', 'TRACE'], '405'],
    ['a file whose name begins with a dot', '/files/.hidden', [], '404'],
  ])('is refused: %s', async (_, path, args, status) => {
    const { stdout } = await curl(path, [args, '--output', '/dev/null', '-w', '%{http_code}'])
    expect(stdout).toBe(status)
    expect(heads).toEqual([])
  })

  test('an upgrade by hand is answered with the accept key of RFC 6455', async () => {
    const client = new Program('curl', [
      ['--silent', '--include', '--no-buffer', '--max-time', '15'],
      ['-H', 'Connection: Upgrade', '-H', 'Upgrade: websocket'],
      ['-H', 'Sec-WebSocket-Version: 13', '-H', `Sec-WebSocket-Key: ${sampleKey}`],
      `http://localhost:${gateway.port('plain')}/chat`,
    ])
    await client.says(/^HTTP\/1\.1 101 Switching Protocols\r$/m)
    // The Close frame of the server, which curl prints as it came.
    await client.says(/\r\n\r\n[^]*seen$/)
    await client.stop()
    expect(client.output).toContain(`Sec-WebSocket-Accept: ${sampleAccept}\r\n`)
  })
})
