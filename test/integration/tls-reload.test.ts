import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { mintPair } from '../support/certs.ts'
import type { PairWithAuthority } from '../support/certs.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { clientFrame } from '../support/frames.ts'
import { RawClient, upgradeHead } from '../support/raw-client.ts'
import { recordingUpstream } from '../support/recording-upstream.ts'
import type { RecordingUpstream } from '../support/recording-upstream.ts'
import { Scratch } from '../support/scratch.ts'

let scratch: Scratch
let upstream: RecordingUpstream
let running: RunningGateway
let files: { cert: string; key: string }

beforeEach(async () => {
  scratch = new Scratch()
  upstream = await recordingUpstream()
  const { cert, key } = await scratch.certificate(['old.example'])
  const second = await scratch.certificate(['second.example'])
  files = { cert, key }
  running = await startGateway({
    listeners: {
      edge: {
        bind: '127.0.0.1:0',
        tls: { certificates: [files, { cert: second.cert, key: second.key }] },
      },
    },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    routes: [{ proxy: 'app' }],
  })
})

afterEach(() => {
  running.stop()
  upstream.close()
  scratch.remove()
})

async function nameServed(servername = 'old.example'): Promise<string> {
  const socket = connect({
    port: running.port(),
    host: '127.0.0.1',
    rejectUnauthorized: false,
    servername,
  })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

function write({ cert, key }: { cert: string; key: string }): void {
  writeFileSync(files.cert, cert)
  writeFileSync(files.key, key)
}

/** A certificate that was good two years ago. */
async function expired(): Promise<PairWithAuthority> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 2 * 366 * 86_400_000 })
  try {
    return await mintPair(['new.example'])
  } finally {
    vi.useRealTimers()
  }
}

describe('a reload of the certificates', () => {
  test('serves the new ones to new connections, and leaves living ones alone', async () => {
    const client = await RawClient.connect(running.port(), { tls: {} })
    client.send(upgradeHead('/ws'))
    expect((await client.head()).status).toBe(101)
    write(await mintPair(['new.example']))
    await running.gateway.reloadCertificates()
    expect(await running.log.line('certificates reloaded')).toMatchObject({ listener: 'edge' })
    expect(await nameServed('new.example')).toBe('new.example')
    // Unknown by now, so that it gets the first.
    expect(await nameServed('old.example')).toBe('new.example')
    expect(await nameServed('second.example')).toBe('second.example')
    const frame = clientFrame({ payload: 'still here' })
    client.send(frame)
    expect(await (await upstream.connection(0)).take(frame.length)).toEqual(frame)
    client.destroy()
  })

  test('can be done again and again', async () => {
    for (const name of ['a.example', 'b.example', 'c.example']) {
      write(await mintPair([name]))
      await running.gateway.reloadCertificates()
      expect(await nameServed()).toBe(name)
    }
  })

  test('waits for the one before it, and any number that wait are one', async () => {
    const tls = { certificates: [files] }
    const two = await startGateway({
      listeners: { first: { bind: '127.0.0.1:0', tls }, second: { bind: '127.0.0.1:0', tls } },
      routes: [{ respond: { status: 204 } }],
    })
    const reload = (): Promise<void> => two.gateway.reloadCertificates()
    const reloaded = () =>
      two.log.lines.flatMap(({ msg, listener }) =>
        msg === 'certificates reloaded' ? listener : [],
      )
    const begun = reload()
    // It looks for the files from now on, and cannot have read one before the event loop turns.
    await Promise.resolve()
    await Promise.all([begun, reload(), reload(), reload()])
    expect(reloaded()).toEqual(['first', 'second', 'first', 'second'])
    await reload()
    expect(reloaded()).toHaveLength(6)
    two.stop()
  })

  type Breakage = (pair: PairWithAuthority) => void | Promise<void>
  const breakages: readonly (readonly [name: string, breakage: Breakage])[] = [
    ['whose certificate is no PEM', ({ key }) => write({ cert: 'nonsense', key })],
    ['whose certificate is empty', ({ key }) => write({ cert: '', key })],
    ['whose certificate is cut', ({ cert, key }) => write({ cert: cert.slice(0, 500), key })],
    [
      'whose certificate is no certificate',
      ({ key }) =>
        write({ cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', key }),
    ],
    ['whose certificate is a key', ({ key }) => write({ cert: key, key })],
    ['whose certificate is missing', () => rmSync(files.cert)],
    ['whose key is no PEM', ({ cert }) => write({ cert, key: 'nonsense' })],
    ['whose key is empty', ({ cert }) => write({ cert, key: '' })],
    ['whose key is cut', ({ cert, key }) => write({ cert, key: key.slice(0, 500) })],
    ['whose key is a certificate', ({ cert }) => write({ cert, key: cert })],
    ['whose key is missing', () => rmSync(files.key)],
    ['of which only the certificate is new', ({ cert }) => writeFileSync(files.cert, cert)],
    ['of which only the key is new', ({ key }) => writeFileSync(files.key, key)],
    ['that has expired', async () => write(await expired())],
  ]
  test.each(breakages)('keeps the old ones and says so, for a pair %s', async (_, breakage) => {
    await breakage(await mintPair(['new.example']))
    const contents = readFileSync(files.key, { encoding: 'utf8', flag: 'a+' })
    await running.gateway.reloadCertificates()
    const line = await running.log.line('certificates not reloaded, the old ones stay')
    expect(line).toMatchObject({ level: 'error', listener: 'edge' })
    expect(String(line['detail'])).toMatch(/old\.example\.(crt|key)/)
    // Nothing of a key is ever told.
    const secret = contents.split('\n')[1] ?? ''
    if (secret.length > 20) expect(JSON.stringify(running.log.lines)).not.toContain(secret)
    expect(await nameServed()).toBe('old.example')
    expect(await nameServed('second.example')).toBe('second.example')
    // Once it is whole again, it is taken.
    write(await mintPair(['mended.example']))
    await running.gateway.reloadCertificates()
    expect(await nameServed()).toBe('mended.example')
  })

  test('waits for nobody where a pipe has come to stand for a file', async () => {
    rmSync(files.key)
    execFileSync('mkfifo', [files.key])
    await running.gateway.reloadCertificates()
    const line = await running.log.line('certificates not reloaded, the old ones stay')
    expect(line['detail']).toBe(`${files.key}: is a pipe`)
    expect(await nameServed()).toBe('old.example')
  })

  test('fails no handshake, however often good and broken pairs come', async () => {
    const pairs = [await mintPair(['old.example']), await mintPair(['old.example'])]
    const over = new AbortController()
    const shake = async (): Promise<number> => {
      let count = 0
      while (!over.signal.aborted) {
        expect(await nameServed()).toBe('old.example')
        count++
      }
      return count
    }
    const shakes = [shake(), shake()]
    for (let i = 0; i < 30; i++) {
      const pair = pairs[i % 2]!
      write(i % 3 === 2 ? { cert: pair.cert, key: pairs[(i + 1) % 2]!.key } : pair)
      await running.gateway.reloadCertificates()
    }
    over.abort()
    for (const count of await Promise.all(shakes)) expect(count).toBeGreaterThan(0)
  })
})
