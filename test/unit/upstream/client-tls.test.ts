import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { createServer as createTls } from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CertificateFiles } from '../../../src/config/settled/tls.ts'
import type { UpstreamPool } from '../../../src/upstream/pool.ts'
import { mintPair } from '../../support/certs.ts'
import { TestAuthority } from '../../support/client-certs.ts'
import { anyone, calm, configOf, upstreamOf } from './upstreams.ts'

let folder = ''
let ca = ''
let other = ''
let pair: { cert: string; key: string }
const servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tls-'))
  const minted = await mintPair(['backend.test', '127.0.0.1'])
  const foreign = await mintPair(['backend.test'])
  pair = minted
  ca = join(folder, 'ca.crt')
  other = join(folder, 'other.crt')
  await writeFile(ca, minted.ca)
  await writeFile(other, foreign.ca)
})
afterAll(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true })
})

async function listen(server: Server): Promise<number> {
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** A TLS server that tells what it was asked for, and half-closes. */
async function tlsServer(): Promise<number> {
  const server = createTls({ ...pair, allowHalfOpen: true, ALPNProtocols: ['h2', 'http/1.1'] })
  server.on('secureConnection', (socket: TLSSocket) => {
    const said = `${socket.servername || 'nobody'} ${socket.alpnProtocol || 'nothing'}`
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end(said)).resume()
  })
  server.on('tlsClientError', () => undefined)
  return listen(server)
}

function said(url: string, tls: Parameters<typeof upstreamOf>[1]): Promise<string> {
  return saidTo(upstreamOf([url], tls))
}

async function saidTo(pool: UpstreamPool): Promise<string> {
  const { socket } = await pool.dialTcp(anyone, calm)
  socket.end()
  const words = await text(socket)
  socket.destroy()
  return words
}

test('a server is verified by its own name, and by no SNI where it has an address only', async () => {
  const port = await tlsServer()
  expect(await said(`tls://127.0.0.1:${port}`, { tls: { ca } })).toBe('nobody nothing')
})

test('servername is sent and verified in place of the host', async () => {
  const port = await tlsServer()
  const tls = { ca, servername: 'backend.test' }
  expect(await said(`tls://localhost:${port}`, { tls })).toBe('backend.test nothing')
  expect(await said(`https://localhost:${port}`, { tls })).toBe('backend.test http/1.1')
})

test.each([
  ['an authority nobody knows', 'tls://127.0.0.1', () => ({})],
  ['another authority', 'tls://127.0.0.1', () => ({ ca: other })],
  ['another name', 'tls://localhost', () => ({ ca })],
  ['another servername', 'tls://127.0.0.1', () => ({ ca, servername: 'front.test' })],
])('%s is upstream-tls', async (_, url, tls) => {
  const pool = upstreamOf([`${url}:${await tlsServer()}`], { tls: tls() })
  await expect(pool.dialTcp(anyone, calm)).rejects.toMatchObject({ token: 'upstream-tls' })
})

/** A TLS server that takes the gateways of an authority only, and says which one it has met. */
async function askingServer(gateways: TestAuthority): Promise<number> {
  const options = { ...pair, ca: gateways.cert, requestCert: true, maxVersion: 'TLSv1.2' as const }
  const server = createTls({ ...options, allowHalfOpen: true }, (socket) => {
    const said = String(socket.getPeerCertificate().subject.CN)
    socket.on('error', () => undefined)
    socket.on('end', () => socket.end(said)).resume()
  })
  server.on('tlsClientError', () => undefined)
  return listen(server)
}

async function issued(authority: TestAuthority, name: string): Promise<CertificateFiles> {
  const { cert, key } = authority.issue({ subject: [['CN', name]] })
  const files = { cert: join(folder, 'own.crt'), key: join(folder, 'own.key') }
  await writeFile(files.cert, cert)
  await writeFile(files.key, key)
  return files
}

test('a server that asks for it is shown the certificate, a new one after a reload', async () => {
  const gateways = new TestAuthority('gateways')
  const url = `tls://127.0.0.1:${await askingServer(gateways)}`
  const settings = { tls: { ca, certificate: await issued(gateways, 'one') } }
  const pool = upstreamOf([url], settings)
  expect(await saidTo(pool)).toBe('one')
  await issued(gateways, 'two')
  expect(await saidTo(pool)).toBe('one')
  pool.reconfigure(configOf([url], settings))
  expect(await saidTo(pool)).toBe('two')
})

test.each([
  ['no certificate', false],
  ['the certificate of another authority', true],
])('%s is upstream-tls where one is asked for', async (_, isShown) => {
  const port = await askingServer(new TestAuthority('gateways'))
  const certificate = await issued(new TestAuthority('others'), 'stranger')
  const tls = { ca, ...(isShown && { certificate }) }
  const pool = upstreamOf([`tls://127.0.0.1:${port}`], { tls })
  await expect(pool.dialTcp(anyone, calm)).rejects.toMatchObject({ token: 'upstream-tls' })
})

test('verify: false takes any certificate', async () => {
  const port = await tlsServer()
  expect(await said(`tls://localhost:${port}`, { tls: { verify: false } })).toBe(
    'localhost nothing',
  )
})

test("requests over https are kept on one connection, whatever the client's Host", async () => {
  let connections = 0
  const server = createHttps(pair, (request, response) => void response.end(request.headers.host))
  server.on('secureConnection', () => connections++)
  const pool = upstreamOf([`https://127.0.0.1:${await listen(server)}`], { tls: { ca } })
  for (const host of ['a.example', 'b.example', 'a.example']) {
    let body = ''
    const sink = {
      head: () => undefined,
      data: (chunk: Buffer) => (body += chunk.toString()) !== '',
      end: () => undefined,
    }
    const request = { method: 'GET', target: '/', headers: ['Host', host], body: undefined }
    const options = { facts: anyone, stallMs: 1_000, signal: calm }
    await pool.request({ ...request, contentLength: undefined }, sink, options)
    expect(body).toBe(host)
  }
  expect(connections).toBe(1)
  pool.destroy()
})
