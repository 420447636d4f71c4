import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { tcpEcho } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { Program } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, freePort } from '../support/scratch.ts'
import { echo, openWebSocket } from '../support/websocket-client.ts'
import type { Asked } from '../support/websocket-client.ts'

const bin = fileURLToPath(new URL('../../bin/drawbridge.js', import.meta.url))

/** What is asked of both, with the same options. */
interface Row {
  readonly name: string
  readonly options: string
  /** Of a WebSocket; a plain request where `get` is set. */
  readonly path?: string
  readonly get?: true
  readonly asked?: Asked
  /** What is sent; `over` in a binary message where nothing is said. */
  readonly send?: string
  readonly websockify: string
  /** The same where nothing is said. */
  readonly drawbridge?: string
}

const basic = (login: string): Asked => ({
  headers: { Authorization: `Basic ${Buffer.from(login).toString('base64')}` },
})
const from = (origin: string): Asked => ({ headers: { Origin: origin } })
const expectOrigin = 'TARGET --auth-plugin ExpectOrigin --auth-source https://a.example'
const basicAuth = 'TARGET --web web --auth-plugin BasicHTTPAuth --auth-source joe:secret'
const tokens = '--token-plugin TokenFile --token-source tokens'

const rows: readonly Row[] = [
  { name: 'a session', options: 'TARGET', websockify: '101 over' },
  { name: 'any path', options: 'TARGET', path: '/a/b?c', websockify: '101 over' },
  {
    name: 'the subprotocol binary',
    options: 'TARGET',
    asked: { protocols: ['binary'] },
    websockify: '101 binary over',
  },
  {
    name: 'other subprotocols alone',
    options: 'TARGET',
    asked: { protocols: ['base64'] },
    websockify: '400',
  },
  {
    name: 'a page of any origin',
    options: 'TARGET',
    asked: from('https://b'),
    websockify: '101 over',
  },
  { name: 'a text message', options: 'TARGET', send: 'text', websockify: '101 close 1003' },
  {
    name: 'a target that is not there',
    options: '127.0.0.1:1',
    websockify: '101 close 1011',
    drawbridge: '502',
  },
  { name: 'no files', options: 'TARGET', get: true, websockify: '405', drawbridge: '426' },
  {
    name: 'a file',
    options: 'TARGET --web web',
    get: true,
    path: '/a.html',
    websockify: '200 page',
  },
  { name: 'no such file', options: 'TARGET --web web', get: true, path: '/b', websockify: '404' },
  {
    name: 'a folder',
    options: 'TARGET --web web',
    get: true,
    path: '/',
    websockify: '200 listing',
    drawbridge: '404',
  },
  { name: 'a session beside files', options: 'TARGET --web web', websockify: '101 over' },
  { name: 'clear text beside TLS', options: 'TARGET --cert self.pem', websockify: '101 over' },
  {
    name: 'TLS beside clear text',
    options: 'TARGET --cert self.pem',
    asked: { tls: {} },
    websockify: '101 over',
  },
  {
    name: 'clear text where there is TLS only',
    options: 'TARGET --cert self.pem --ssl-only',
    websockify: 'dropped',
  },
  { name: 'a token', options: tokens, path: '/?token=good', websockify: '101 over' },
  {
    name: 'an unknown token',
    options: tokens,
    path: '/?token=bad',
    websockify: 'dropped',
    drawbridge: '404',
  },
  { name: 'no token', options: tokens, websockify: 'dropped', drawbridge: '404' },
  {
    name: 'the Host as the token',
    options: `${tokens} --host-token`,
    asked: { headers: { Host: 'good' } },
    websockify: '101 over',
  },
  {
    name: 'an expected origin',
    options: expectOrigin,
    asked: from('https://a.example'),
    websockify: '101 over',
  },
  {
    name: 'another origin',
    options: expectOrigin,
    asked: from('https://b.example'),
    websockify: '403',
  },
  { name: 'no origin', options: expectOrigin, websockify: '403' },
  { name: 'a login', options: basicAuth, asked: basic('joe:secret'), websockify: '101 over' },
  { name: 'a wrong login', options: basicAuth, asked: basic('joe:other'), websockify: '401' },
  { name: 'no login', options: basicAuth, websockify: '401' },
  {
    name: 'a file without a login',
    options: basicAuth,
    get: true,
    path: '/a.html',
    websockify: '200 page',
  },
  {
    name: 'a file with --web-auth',
    options: `${basicAuth} --web-auth`,
    get: true,
    path: '/a.html',
    websockify: '401',
  },
]

/** The two, at their ports, with the same options. */
interface Pair {
  readonly options: string
  readonly websockify: number
  readonly drawbridge: number
  readonly programs: readonly Program[]
}

describeWith(['websockify'], 'websockify and Drawbridge side by side', () => {
  const scratch = new Scratch()
  let pair: Pair | undefined
  let target: Peer

  beforeAll(async () => {
    target = await tcpEcho()
    mkdirSync(join(scratch.path, 'web'))
    scratch.write('web/a.html', 'page')
    scratch.write('tokens', `good: 127.0.0.1:${target.port}\n`)
    const { cert, key } = await scratch.certificate(['localhost'])
    scratch.write('self.pem', readFileSync(cert, 'utf8') + readFileSync(key, 'utf8'))
  })

  afterAll(async () => {
    await stopPair()
    target.close()
    scratch.remove()
  })

  /** Both with these options; rows of the same options share them. */
  async function pairOf(options: string): Promise<Pair> {
    if (pair?.options === options) return pair
    await stopPair()
    const args = async (): Promise<[number, string[]]> => {
      const port = await freePort()
      const written = options.replace('TARGET', `127.0.0.1:${target.port}`).split(' ')
      return [port, [`127.0.0.1:${port}`, ...written]]
    }
    const cwd = scratch.path
    const [theirPort, theirArgs] = await args()
    const theirs = new Program('websockify', theirArgs, { cwd })
    const [ourPort, ourArgs] = await args()
    const ours = new Program(process.execPath, [bin, 'websockify', ...ourArgs], { cwd })
    pair = { options, websockify: theirPort, drawbridge: ourPort, programs: [theirs, ours] }
    await Promise.all([theirs.says(/proxying from/), ours.says(/"listening"/)])
    return pair
  }

  async function stopPair(): Promise<void> {
    await Promise.all((pair?.programs ?? []).map((program) => program.stop('SIGKILL')))
  }

  async function outcome(port: number, row: Row): Promise<string> {
    const { path = '/', get, asked = {}, send } = row
    if (get === true) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`)
      const body = await answer.text()
      if (answer.status !== 200) return String(answer.status)
      return `200 ${body === 'page' ? 'page' : 'listing'}`
    }
    let opened
    try {
      opened = await openWebSocket(port, path, asked)
    } catch {
      // No HTTP answer at all.
      return 'dropped'
    }
    const { status, headers, socket } = opened
    if (socket === undefined) return String(status)
    const told = ['101', headers['sec-websocket-protocol']]
    const closed = new Promise<string>((resolve) => {
      socket.once('close', (code: number) => resolve(`close ${code}`))
    })
    const answer = echo(socket, send ?? Buffer.from('over')).catch(() => 'nothing')
    told.push(await Promise.race([answer, closed]))
    socket.terminate()
    return told.filter((word) => word !== undefined).join(' ')
  }

  test.each(rows)('$name', async (row) => {
    const { websockify, drawbridge } = await pairOf(row.options)
    expect({
      websockify: await outcome(websockify, row),
      drawbridge: await outcome(drawbridge, row),
    }).toEqual({ websockify: row.websockify, drawbridge: row.drawbridge ?? row.websockify })
  })
})
