import { once } from 'node:events'
import { get, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { WebSocket } from 'ws'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { CliProcess } from './cli-process.ts'

let demo: CliProcess
let port: number

beforeAll(async () => {
  demo = new CliProcess(['demo', '--listen', '127.0.0.1:0'])
  port = await demo.port()
})

afterAll(async () => {
  demo.child.kill('SIGTERM')
  expect((await demo.ended).code).toBe(0)
})

async function ask(path: string, options: RequestOptions = {}) {
  const asked = get({ ...options, host: '127.0.0.1', port, path, rejectUnauthorized: false })
  const [response] = await once(asked, 'response')
  return response
}

async function page(path: string): Promise<{ status: number; type: string; body: string }> {
  const response = await ask(path)
  const { statusCode: status, headers } = response
  return { status, type: headers['content-type'] ?? '', body: await text(response) }
}

async function open(path: string, headers: Record<string, string> = {}): Promise<WebSocket> {
  const socket = new WebSocket(`wss://127.0.0.1:${port}${path}`, {
    rejectUnauthorized: false,
    headers,
  })
  await once(socket, 'open')
  return socket
}

test('the page and its parts are there, and everything in them is local', async () => {
  const html = await page('/')
  expect(html).toMatchObject({ status: 200, type: expect.stringContaining('text/html') })
  expect((await page('/style.css')).type).toContain('text/css')
  for (const [, script] of html.body.matchAll(/<script src="([^"]+)"/g)) {
    expect((await page(`/${script}`)).type).toContain('javascript')
  }
  expect(html.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
})

test('stdout is the log alone; the invitation is for the terminal', async () => {
  while (!demo.written.stderr.includes('let the browser pass'))
    await once(demo.child.stderr, 'data')
  expect(demo.written.stderr).toContain(`The demo is at https://localhost:${port}\n`)
  const lines = demo.written.stdout.split('\n').slice(0, -1)
  expect(lines).not.toEqual([])
  for (const line of lines) expect(JSON.parse(line)).toHaveProperty('msg')
})

test('what one says in the chat, all hear', async () => {
  const [one, two] = [await open('/chat'), await open('/chat')]
  one.send(JSON.stringify({ kind: 'say', id: '1', from: 'one', text: 'hello' }))
  let heard = ''
  // The app's clock may be heard first.
  while (!heard.includes('hello')) heard = String((await once(two, 'message'))[0])
  expect(JSON.parse(heard)).toMatchObject({ from: 'one', text: 'hello' })
  one.close()
  two.close()
})

test('lines typed over the bridge are answered by the service', async () => {
  const socket = await open('/gatehouse')
  let screen = ''
  const shows = async (words: string): Promise<void> => {
    while (!screen.includes(words)) {
      const [data] = await once(socket, 'message')
      screen += String(data)
    }
  }
  for (const [line, answer] of [
    ['', 'THE GATEHOUSE'],
    ['north', 'The bridge is up'],
    ['ring', 'comes down'],
    ['north', 'On the bridge'],
    ['north', 'The yard'],
    ['ask', 'says the keeper'],
    ['calc 6 * 7', '42'],
    ['dance', 'means nothing here'],
  ]) {
    socket.send(Buffer.from(`${line}\n`))
    await shows(answer!)
  }
  socket.send(Buffer.from('quit\n'))
  const [code] = await once(socket, 'close')
  expect(code).toBe(1000)
})

test('a service that is reset by a violation lives on', async () => {
  const socket = await open('/gatehouse')
  socket.send('text')
  const [code, reason] = await once(socket, 'close')
  expect([code, String(reason)]).toEqual([1003, 'message-kind'])
  const again = await open('/gatehouse')
  again.close()
  await once(again, 'close')
})

test('the records are streamed through the gateway', async () => {
  const response = await ask('/records')
  expect(response.headers['content-type']).toBe('text/event-stream')
  const missing = page('/nowhere')
  let seen = ''
  for await (const chunk of response) {
    seen += String(chunk)
    if (seen.includes('"path":"/nowhere"')) break
  }
  expect((await missing).status).toBe(404)
})

test('a page of another origin is refused', async () => {
  const socket = new WebSocket(`wss://127.0.0.1:${port}/chat`, {
    rejectUnauthorized: false,
    origin: 'https://evil.example',
  })
  socket.on('error', () => undefined)
  const [, response] = await once(socket, 'unexpected-response')
  expect(response.statusCode).toBe(403)
  expect(await demo.line({ msg: 'refused', error: 'origin-denied' })).toMatchObject({
    origin: 'https://evil.example',
  })
})
