import { afterAll, beforeAll, expect, test } from 'vitest'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { httpServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import type { Arguments, Result } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch } from '../support/scratch.ts'

describeWith(['openssl'], 'openssl s_client', () => {
  const scratch = new Scratch()
  let app: Peer
  let gateway: RunningGateway
  let authority: string

  beforeAll(async () => {
    app = await httpServer((_request, response) => {
      response.end('served')
    })
    const one = await scratch.certificate(['one.example', 'localhost'])
    const two = await scratch.certificate(['*.two.example'])
    authority = scratch.write('authority.crt', one.ca)
    gateway = await startGateway(
      proxyTo(`http://127.0.0.1:${app.port}`, {
        listeners: {
          edge: {
            bind: '127.0.0.1:0',
            tls: {
              certificates: [one, two].map(({ cert, key }) => ({ cert, key })),
            },
          },
          strict: {
            bind: '127.0.0.1:0',
            tls: {
              certificates: [{ cert: one.cert, key: one.key }],
              minVersion: 'TLSv1.3',
            },
          },
        },
      }),
    )
  })

  afterAll(() => {
    gateway?.stop()
    app?.close()
    scratch.remove()
  })

  function clientArguments(args: Arguments, listener = 'edge'): Arguments {
    return ['s_client', ['-connect', `127.0.0.1:${gateway.port(listener)}`], ...args]
  }

  async function connect(args: Arguments, listener = 'edge'): Promise<Result> {
    return await runProgram('openssl', clientArguments(args, listener))
  }

  test.each([
    ['TLS 1.0', 'edge', ['-tls1', '-cipher', 'ALL:@SECLEVEL=0'], false],
    ['TLS 1.1', 'edge', ['-tls1_1', '-cipher', 'ALL:@SECLEVEL=0'], false],
    ['TLS 1.2', 'edge', ['-tls1_2'], true],
    ['TLS 1.3', 'edge', ['-tls1_3'], true],
    ['TLS 1.2 where 1.3 is the least', 'strict', ['-tls1_2'], false],
    ['TLS 1.3 where it is the least', 'strict', ['-tls1_3'], true],
    ['a cipher without forward secrecy', 'edge', ['-tls1_2', '-cipher', 'AES128-SHA'], false],
    ['a cipher without encryption', 'edge', ['-tls1_2', '-cipher', 'eNULL:@SECLEVEL=0'], false],
    ['CBC', 'edge', ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA:@SECLEVEL=0'], false],
    [
      'GCM',
      'edge',
      ['-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256'],
      true,
    ],
  ])('%s', async (_, listener, args, accepted) => {
    const { code, stdout, stderr } = await connect([args], listener)
    // Refused by an alert of the gateway, and not by the client itself.
    const alert = /alert (?:protocol version|handshake failure)/.exec(stderr)?.[0]
    expect({ code, none: stdout.includes('Cipher is (NONE)'), alert }).toEqual(
      accepted
        ? { code: 0, none: false, alert: undefined }
        : { code: 1, none: true, alert: expect.any(String) },
    )
  })

  test.each([
    ['no name: the first', ['-noservername'], 'one.example'],
    ['its name', ['-servername', 'one.example'], 'one.example'],
    ['another', ['-servername', 'www.two.example'], '*.two.example'],
    ['another in capitals', ['-servername', 'WWW.Two.Example'], '*.two.example'],
    ['one that no certificate has: the first', ['-servername', 'else.example'], 'one.example'],
  ])('a certificate is chosen by SNI: %s', async (_, args, subject) => {
    const { stdout } = await connect([args])
    expect(/^subject=.*CN = (.*)$/m.exec(stdout)?.[1]).toBe(subject)
  })

  test('the chain is verified by its authority', async () => {
    const { code, stdout } = await connect([
      ['-CAfile', authority, '-verify_return_error', '-verify_hostname', 'one.example'],
    ])
    expect({ code, verified: stdout.includes('Verification: OK') }).toEqual({
      code: 0,
      verified: true,
    })
  })

  test.each([
    ['http/1.1 alone', 'http/1.1', 'ALPN protocol: http/1.1'],
    ['HTTP/2 first', 'h2,http/1.1', 'ALPN protocol: http/1.1'],
  ])('ALPN: %s', async (_, offered, answer) => {
    expect((await connect([['-alpn', offered]])).stdout).toContain(answer)
  })

  test.each([['-tls1_2'], ['-tls1_3']])('sessions are resumed: %s', async (version) => {
    const session = `${scratch.path}/session${version}.pem`
    // The tickets of TLS 1.3 come behind the handshake: an answer is read first.
    const input = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const args = ['-ign_eof', version]
    const first = clientArguments([args, ['-sess_out', session]])
    expect((await runProgram('openssl', first, { input })).stdout).toMatch(/^New, TLS/m)
    const second = clientArguments([args, ['-sess_in', session]])
    const { stdout } = await runProgram('openssl', second, { input })
    expect(stdout).toMatch(/^Reused, TLS/m)
    expect(stdout).toContain('served')
  })

  test('a renegotiation is refused, and the gateway serves on', async () => {
    const client = new Program('openssl', clientArguments(['-tls1_2']))
    await client.says(/Verify return code/)
    client.write('R\n')
    await client.says(/RENEGOTIATING[^]*no renegotiation/)
    await client.stop()
    const input = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'
    const { stdout } = await runProgram('openssl', clientArguments(['-ign_eof']), { input })
    expect(stdout).toContain('served')
    expect(gateway.log.lines.filter(({ level }) => level === 'error')).toEqual([])
  })

  test('a key update of TLS 1.3 is taken', async () => {
    const client = new Program('openssl', clientArguments(['-tls1_3']))
    await client.says(/Verify return code/)
    client.write('K\n')
    await client.says(/KEYUPDATE/)
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    await client.says(/served/)
    await client.stop()
  })
})
