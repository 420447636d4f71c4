import { once } from 'node:events'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { serveStatic } from '../../../src/http/static-files.ts'
import type { StaticAnswer } from '../../../src/http/static-files.ts'
import { RawClient } from '../../support/raw-client.ts'

let folder = ''
let server: Server
let answers: StaticAnswer[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'static-'))
  const site = join(folder, 'site')
  await mkdir(join(site, 'sub dir'), { recursive: true })
  await mkdir(join(site, 'bare'))
  await mkdir(join(site, '.git'))
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(site, 'index.html'), '<h1>home</h1>')
  await writeFile(join(site, 'app.js'), 'export {}')
  await writeFile(join(site, 'a%2Fb.txt'), 'percent')
  await writeFile(join(site, 'na\u00efve.txt'), 'umlaut')
  await writeFile(join(site, '.env'), 'secret')
  await writeFile(join(site, '.git', 'config'), 'secret')
  await writeFile(join(site, 'sub dir', 'index.html'), 'sub')
  // More than the kernel holds for a client that does not read.
  await writeFile(join(site, 'big.bin'), Buffer.alloc(16 * 1_024 * 1_024))
  await symlink(join(folder, 'secret.txt'), join(site, 'out.txt'))
  await symlink(folder, join(site, 'up'))
  await symlink('app.js', join(site, 'in.js'))
  await symlink('.env', join(site, 'env.txt'))
  await symlink('loop', join(site, 'loop'))
  server = createServer((head, response) => {
    const url = head.url ?? ''
    const question = url.includes('?') ? url.indexOf('?') : url.length
    const [path, query] = [url.slice(0, question), url.slice(question)]
    const asked = { directory: site, path, query, prefix: '/web' }
    const options = { ...asked, stallMs: 200, signal: new AbortController().signal }
    void serveStatic(head, response, options).then((answer) => answers.push(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await rm(folder, { recursive: true })
})

async function ask(target: string, lines: string[] = [], method = 'GET') {
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  client.send([`${method} ${target} HTTP/1.1`, 'Host: x', ...lines, '', ''].join('\r\n'))
  const answer = method === 'HEAD' ? { ...(await client.head()), body: '' } : await client.answer()
  client.destroy()
  return answer
}

test.each([
  ['/web/', '<h1>home</h1>', 'text/html; charset=utf-8'],
  ['/web/index.html', '<h1>home</h1>', 'text/html; charset=utf-8'],
  ['/web/app.js?v=1', 'export {}', 'text/javascript; charset=utf-8'],
  ['/web/in.js', 'export {}', 'text/javascript; charset=utf-8'],
  ['/web/sub%20dir/', 'sub', 'text/html; charset=utf-8'],
  ['/web/na%C3%AFve.txt', 'umlaut', 'text/plain; charset=utf-8'],
  ['/web/a%252Fb.txt', 'percent', 'text/plain; charset=utf-8'],
])('serves %s', async (target, body, type) => {
  const answer = await ask(target)
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type])
  expect(Buffer.from(answer.body, 'latin1').toString()).toBe(body)
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(answer.headers.has('etag')).toBe(true)
})

test.each([
  ['a file that is not there', '/web/none.txt'],
  ['a directory without an index', '/web/bare/'],
  ['a directory without an index, without its slash', '/web/bare'],
  ['a file with a slash behind it', '/web/app.js/'],
  ['a dotfile', '/web/.env'],
  ['an encoded dotfile', '/web/%2eenv'],
  ['a folder with a dot', '/web/.git/config'],
  ['..', '/web/../secret.txt'],
  ['encoded ..', '/web/%2e%2e/secret.txt'],
  ['an encoded slash', '/web/sub%20dir%2Findex.html'],
  ['an encoded way up', '/web/..%2Fsecret.txt'],
  ['a twice encoded way up', '/web/%252e%252e%252Fsecret.txt'],
  ['a backslash', '/web/sub%20dir%5Cindex.html'],
  ['a stream', '/web/app.js::$DATA'],
  ['an encoded colon', '/web/app.js%3A'],
  ['a trailing dot', '/web/app.js.'],
  ['a trailing blank', '/web/app.js%20'],
  ['a folder with a trailing dot', '/web/sub%20dir./index.html'],
  ['an empty name', '/web//app.js'],
  ['NUL', '/web/app.js%00'],
  ['a broken escape', '/web/%zz'],
  ['overlong UTF-8', '/web/%c0%ae%c0%ae/secret.txt'],
  ['a link out of the directory', '/web/out.txt'],
  ['a link to a folder outside', '/web/up/secret.txt'],
  ['a link to itself', '/web/loop'],
  ['a link to a dotfile', '/web/env.txt'],
  ['a name that is too long', `/web/${'a'.repeat(300)}`],
])('%s is not there', async (_, target) => {
  const answer = await ask(target)
  expect([answer.status, answer.body]).toEqual([404, 'Not Found\n'])
})

test.each([
  ['/web/sub%20dir', '/web/sub%20dir/'],
  ['/web/sub%20dir?a=%20b', '/web/sub%20dir/?a=%20b'],
  ['/web', '/web/'],
])('a directory is served under its own path: %s', async (target, location) => {
  const answer = await ask(target)
  expect([answer.status, answer.headers.get('location')]).toEqual([308, location])
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s gets 405', async (method) => {
  const answer = await ask('/web/', [], method)
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('HEAD has the length and no body', async () => {
  const answer = await ask('/web/app.js', [], 'HEAD')
  expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '9'])
})

test('ranges', async () => {
  const part = await ask('/web/app.js', ['Range: bytes=0-5'])
  expect([part.status, part.body]).toEqual([206, 'export'])
  expect(part.headers.get('content-range')).toBe('bytes 0-5/9')
  const beyond = await ask('/web/app.js', ['Range: bytes=99-'])
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */9'])
})

test('conditional requests', async () => {
  const { headers } = await ask('/web/app.js')
  const etag = headers.get('etag')
  expect((await ask('/web/app.js', [`If-None-Match: ${etag}`])).status).toBe(304)
  expect((await ask('/web/app.js', ['If-Match: "other"'])).status).toBe(412)
})

test.each<[string, string, string[], StaticAnswer]>([
  ['GET', '/web/app.js', [], { status: 200, sent: 9 }],
  ['GET', '/web/app.js', ['Range: bytes=1-3'], { status: 206, sent: 3 }],
  ['GET', '/web/app.js', ['Range: bytes=9-'], { status: 416, sent: 22 }],
  ['HEAD', '/web/app.js', ['Range: bytes=9-'], { status: 416, sent: 0 }],
  ['GET', '/web/app.js', ['If-Match: "other"'], { status: 412, sent: 20 }],
  ['HEAD', '/web/app.js', [], { status: 200, sent: 0 }],
  ['GET', '/web/none.txt', [], { status: 404, sent: 10 }],
])('tells the status and the bytes of the body: %s %s %j', async (method, target, lines, told) => {
  answers = []
  const { body } = await ask(target, lines, method)
  while (answers.length === 0) await new Promise(setImmediate)
  expect(answers).toEqual([told])
  expect(body).toHaveLength(told.sent)
})

test.each([
  ['nothing of a file', false],
  ['nothing of a file and goes on sending', true],
])('a client that takes %s is cut, and that is told', async (_, sends) => {
  answers = []
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  client.socket.pause()
  client.send('GET /web/big.bin HTTP/1.1\r\nHost: x\r\n\r\n')
  while (answers.length === 0) {
    if (sends) client.send('\r\n')
    await new Promise(setImmediate)
  }
  const [answer] = answers
  expect(answer).toMatchObject({ status: 200, error: { token: 'client-stalled' } })
  expect(answer!.sent).toBeLessThan(16 * 1_024 * 1_024)
  client.destroy()
})

test('a client that leaves while its file is looked for is not waited for', async () => {
  const controller = new AbortController()
  const { promise: served, resolve } = Promise.withResolvers<Promise<StaticAnswer>>()
  const hasty = createServer((head, response) => {
    head.socket.once('close', () => controller.abort(new GatewayError('client-lost', 'gone')))
    const asked = { directory: join(folder, 'site'), path: '/app.js', query: '', prefix: '' }
    const { signal } = controller
    resolve(serveStatic(head, response, { ...asked, stallMs: 60_000, signal }))
    head.socket.destroy()
  })
  hasty.listen(0, '127.0.0.1')
  await once(hasty, 'listening')
  const client = await RawClient.connect((hasty.address() as AddressInfo).port)
  client.send('GET /app.js HTTP/1.1\r\nHost: x\r\n\r\n')
  await expect(served).rejects.toMatchObject({ token: 'client-lost' })
  hasty.close()
})

test('a client that leaves in the middle of a file is told of as lost', async () => {
  answers = []
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  client.socket.once('data', () => client.destroy())
  client.send('GET /web/big.bin HTTP/1.1\r\nHost: x\r\n\r\n')
  while (answers.length === 0) await new Promise(setImmediate)
  expect(answers).toMatchObject([{ status: 200, error: { token: 'client-lost' } }])
})

test('a file that was taken whole leaves the connection to the next request', async () => {
  const client = await RawClient.connect((server.address() as AddressInfo).port)
  for (const turn of [1, 2]) {
    client.send('GET /web/app.js HTTP/1.1\r\nHost: x\r\n\r\n')
    expect([turn, (await client.answer()).body]).toEqual([turn, 'export {}'])
  }
  client.destroy()
})
