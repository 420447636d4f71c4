import { hash } from 'node:crypto'
import { hashSync } from 'bcrypt'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { RawClient } from '../support/raw-client.ts'
import { notingUpstream } from '../support/noting-upstream.ts'
import type { NotingUpstream } from '../support/noting-upstream.ts'
import { Scratch } from '../support/scratch.ts'
import { closeOf, mustOpen, openWebSocket } from '../support/websocket-client.ts'

const scratch = new Scratch()
const password = 'planted-password'
const key = 'planted-key-7qv3Zr2HkV9yYqg1o5tXh0nLdPzEwCbA'
const htpasswd = scratch.write('htpasswd', `ada:${hashSync(password, 4)}\n`)

let upstream: NotingUpstream
let running: RunningGateway

beforeAll(async () => {
  upstream = await notingUpstream()
})
beforeEach(async () => {
  upstream.requests.length = 0
  await start()
})
afterEach(() => running.stop())
afterAll(() => {
  upstream.close()
  scratch.remove()
})

async function start(expires = '2999-01-01'): Promise<void> {
  const keys = scratch.write(
    'keys.yaml',
    `- name: reports\n  sha256: ${hash('sha256', key)}\n  expires: ${expires}\n`,
  )
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    identity: { headers: { 'x-user': 'subject' } },
    upstreams: { app: { servers: [`http://127.0.0.1:${upstream.port}`] } },
    authenticators: {
      staff: { basic: { htpasswd, realm: 'the staff', attempts: '3/m' } },
      kept: { basic: { htpasswd, passCredential: true } },
      robots: { apiKey: { keys, header: 'x-api-key', query: 'key' } },
    },
    routes: [
      { name: 'staff', match: { path: '/staff/*' }, proxy: 'app', auth: 'staff' },
      { name: 'kept', match: { path: '/kept/*' }, proxy: 'app', auth: 'kept' },
      { name: 'robots', match: { path: '/robots/*' }, proxy: 'app', auth: 'robots' },
    ],
  })
}

const login = (name: string, secret: string): string =>
  `Authorization: Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`

async function ask(path: string, lines: readonly string[] = []) {
  const client = await RawClient.connect(running.port())
  client.send([`GET ${path} HTTP/1.1`, 'Host: app.example', ...lines, '', ''].join('\r\n'))
  const answer = await client.answer()
  client.socket.destroy()
  return answer
}

/** Everything that is known of a run outside of the client's own connection. */
async function outside(): Promise<string> {
  return JSON.stringify([running.log.lines, await running.metrics.render(), upstream.requests])
}

describe('a login name and a password', () => {
  test('let pass, and go no further than the name', async () => {
    expect(await ask('/staff/x', [login('ada', password)])).toMatchObject({ status: 200 })
    expect(upstream.requests[0]!.all('x-user')).toEqual(['ada'])
    expect(upstream.requests[0]!.all('authorization')).toEqual([])
    expect(await outside()).not.toContain(password)
    expect(await outside()).not.toContain(Buffer.from(`ada:${password}`).toString('base64'))
  })

  test('go on where that is wanted', async () => {
    await ask('/kept/x', [login('ada', password)])
    expect(upstream.requests[0]!.all('authorization')).toEqual([
      login('ada', password).slice('Authorization: '.length),
    ])
  })

  test('are asked for', async () => {
    const answer = await ask('/staff/x')
    expect(answer).toMatchObject({ status: 401, body: 'credentials-missing\n' })
    expect(answer.headers.get('www-authenticate')).toBe('Basic realm="the staff", charset="UTF-8"')
  })

  test('cannot be guessed for long', async () => {
    const answers: string[] = []
    for (let n = 0; n < 5; n++) {
      const { status, body, headers } = await ask('/staff/x', [login('ada', `guess ${n}`)])
      answers.push(`${status} ${body.trim()} ${headers.get('retry-after') ?? ''}`.trim())
    }
    expect(answers).toEqual([
      '401 credentials-invalid',
      '401 credentials-invalid',
      '401 credentials-invalid',
      '429 client-limit 20',
      '429 client-limit 20',
    ])
    // Nobody else is kept out by it.
    expect(await ask('/staff/x', [login('eve', password)])).toMatchObject({ status: 401 })
    expect(upstream.requests).toEqual([])
    expect(await running.log.line('refused', { error: 'client-limit' })).toMatchObject({
      status: 429,
    })
  })

  test('open a WebSocket', async () => {
    const [name, value] = login('ada', password).split(': ') as [string, string]
    const opened = await openWebSocket(running.port(), '/staff/ws', { headers: { [name]: value } })
    expect(opened.status).toBe(101)
    opened.socket!.close(1000)
    expect(await running.log.line('session closed')).toMatchObject({ identity: 'ada' })
  })
})

describe('an API key', () => {
  test.each([
    ['in a header', '/robots/x?a=1', [`X-Api-Key: ${key}`]],
    ['in the query', `/robots/x?a=1&key=${key}`, []],
    ['in the query, escaped', `/robots/x?a=1&%6bey=${key.replace('p', '%70')}`, []],
  ])('lets pass %s, and goes no further than its name', async (_, path, lines) => {
    expect(await ask(path, lines)).toMatchObject({ status: 200 })
    expect(upstream.requests[0]).toMatchObject({ url: '/robots/x?a=1' })
    expect(upstream.requests[0]!.all('x-user')).toEqual(['reports'])
    expect(await outside()).not.toContain(key)
    expect(await outside()).not.toContain(key.slice(8))
  })

  test('is refused where it is wrong, or there are two', async () => {
    for (const path of [`/robots/x?key=${key}x`, `/robots/x?key=${key}&key=${key}`]) {
      expect(await ask(path)).toMatchObject({ status: 401, body: 'credentials-invalid\n' })
    }
    const both = await ask(`/robots/x?key=${key}`, [`X-Api-Key: ${key}`])
    expect(both).toMatchObject({ status: 401, body: 'credentials-invalid\n' })
    expect(both.headers.get('www-authenticate')).toBe('ApiKey realm="robots", header="x-api-key"')
    expect(upstream.requests).toEqual([])
    expect(await outside()).not.toContain(key)
  })

  test('ends its session when it expires', async () => {
    running.stop()
    await start(new Date(Date.now() + 1500).toISOString())
    const socket = await mustOpen(running.port(), '/robots/ws', { headers: { 'X-Api-Key': key } })
    expect(await closeOf(socket)).toBe('3000 session-expired')
    expect(await ask('/robots/x', [`X-Api-Key: ${key}`])).toMatchObject({
      status: 401,
      body: 'credentials-expired\n',
    })
  })
})
