import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { SignJWT, exportSPKI, generateKeyPair } from 'jose'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { httpServer, rawServer } from '../support/peers.ts'
import type { Peer } from '../support/peers.ts'
import { Scratch } from '../support/scratch.ts'
import { openWebSocket } from '../support/websocket-client.ts'
import { CliProcess } from './cli-process.ts'

/** What websockify says of its token plugins. */

const scratch = new Scratch()
const started: CliProcess[] = []
let one: Peer
let two: Peer

/** A service that says who it is. */
const named = (name: string): Promise<Peer> => rawServer((socket) => void socket.write(name))

beforeAll(async () => {
  ;[one, two] = await Promise.all([named('one'), named('two')])
  mkdirSync(join(scratch.path, 'tokens'))
  scratch.write('tokens/a', `# a comment\n\nfirst: 127.0.0.1:${one.port}\n`)
  scratch.write(
    'tokens/b',
    `second: localhost:${two.port}\nmetadata: 169.254.169.254:80\nsocket: unix_socket:${scratch.path}/s\n`,
  )
})

afterEach(async () => {
  for (const process of started.splice(0)) {
    process.child.kill('SIGKILL')
    await process.ended
  }
})

afterAll(() => {
  one.close()
  two.close()
  scratch.remove()
})

function websockify(options: string, ...more: string[]): CliProcess {
  const args = ['websockify', '127.0.0.1:0', ...options.split(' '), ...more]
  const process = new CliProcess(args, { cwd: scratch.path })
  started.push(process)
  return process
}

/** Who answers, or the status where nobody does. */
async function answerOf(
  port: number,
  path: string,
  headers: Record<string, string> = {},
): Promise<string> {
  const { status, socket, first } = await openWebSocket(port, path, { headers })
  if (socket === undefined) return String(status)
  const text = (await first).toString()
  socket.terminate()
  return text
}

const queries: readonly (readonly [path: string, answer: string])[] = [
  ['/?token=first', 'one'],
  ['/websockify?a=b&token=first', 'one'],
  ['/?token=none', '404'],
  ['/?token=', '404'],
  ['/', '404'],
]

test.each([
  '--token-plugin TokenFile --token-source tokens/a',
  '--token-plugin ReadOnlyTokenFile --token-source tokens/a',
  '--target-config tokens/a',
])('%s: the token of the query is looked for in the file', async (options) => {
  const port = await websockify(options).port()
  for (const [path, answer] of queries) expect(await answerOf(port, path)).toBe(answer)
})

test('a folder of such files; what nobody would list on purpose is denied', async () => {
  const process = websockify('--token-plugin TokenFile --token-source tokens')
  const port = await process.port()
  expect(await answerOf(port, '/?token=first')).toBe('one')
  expect(await answerOf(port, '/?token=second')).toBe('two')
  expect(await answerOf(port, '/?token=socket')).toBe('403')
  expect(await answerOf(port, '/?token=metadata')).toBe('403')
  expect(process.written.stdout).not.toContain('token=')
})

test('--host-token: the Host is the token', async () => {
  const options = '--token-plugin TokenFile --token-source tokens/a --host-token'
  const port = await websockify(options).port()
  expect(await answerOf(port, '/', { Host: 'first' })).toBe('one')
  expect(await answerOf(port, '/', { Host: `first:${port}` })).toBe('one')
  expect(await answerOf(port, '/?token=first', { Host: 'other' })).toBe('404')
})

test('JSONTokenApi asks a server', async () => {
  const asked: (string | undefined)[] = []
  const api = await httpServer(({ url }, response) => {
    asked.push(url)
    if (url !== '/targets/a%20b') response.statusCode = 404
    response.end(JSON.stringify({ host: '127.0.0.1', port: two.port }))
  })
  const source = `http://127.0.0.1:${api.port}/targets/%s`
  const port = await websockify('--token-plugin JSONTokenApi --token-source', source).port()
  expect(await answerOf(port, '/?token=a%20b')).toBe('two')
  expect(await answerOf(port, '/?token=other')).toBe('404')
  expect(asked).toEqual(['/targets/a%20b', '/targets/other'])
  api.close()
})

test('JWTTokenApi: the token is signed, and says where it leads', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
  scratch.write('key.pem', await exportSPKI(publicKey))
  const port = await websockify('--token-plugin JWTTokenApi --token-source key.pem').port()
  const sign = (claims: Record<string, unknown>, expires = '1m', key = privateKey) =>
    new SignJWT(claims).setProtectedHeader({ alg: 'ES256' }).setExpirationTime(expires).sign(key)
  const good = await sign({ host: '127.0.0.1', port: one.port })
  expect(await answerOf(port, `/?token=${good}`)).toBe('one')
  const late = await sign({ host: '127.0.0.1', port: one.port }, '-1h')
  expect(await answerOf(port, `/?token=${late}`)).toBe('401')
  const forged = await sign(
    { host: '127.0.0.1', port: one.port },
    '1m',
    (await generateKeyPair('ES256')).privateKey,
  )
  expect(await answerOf(port, `/?token=${forged}`)).toBe('401')
  expect(await answerOf(port, '/')).toBe('401')
})
