import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Monitor } from '../../../src/admin/monitor.ts'
import { createLogger } from '../../../src/observe/logger.ts'
import { Metrics } from '../../../src/observe/metrics.ts'
import { LineOutput } from '../observe/line-output.ts'

let output: LineOutput
let metrics: Metrics
let monitor: Monitor
let unready: string | undefined
let port: number
let renders: number

beforeEach(async () => {
  output = new LineOutput()
  metrics = new Metrics()
  unready = undefined
  renders = 0
  metrics.collect.push(() => renders++)
  monitor = new Monitor({
    bind: { kind: 'tcp', host: '127.0.0.1', port: 0 },
    metrics,
    logger: createLogger({ level: 'info', format: 'json', output }),
    unready: () => unready,
  })
  port = (await monitor.start()).port!
})

afterEach(() => monitor.stop())

const ask = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init)

test('says where it listens, under its own name', () => {
  expect(output.lines[0]).toMatchObject({
    msg: 'listening',
    listener: 'monitor',
    address: '127.0.0.1',
    port,
  })
})

test.each(['/livez', '/readyz', '/livez?verbose', '/metrics'])('%s is 200', async (path) => {
  const response = await ask(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('cache-control')).toBe('no-store')
})

test('draining: still alive, no longer ready', async () => {
  unready = 'draining'
  expect((await ask('/livez')).status).toBe(200)
  const ready = await ask('/readyz')
  expect([ready.status, await ready.text()]).toEqual([503, 'draining\n'])
})

test('HEAD has the head of GET', async () => {
  const response = await ask('/livez', { method: 'HEAD' })
  expect([response.status, response.headers.get('content-length')]).toEqual([200, '3'])
  expect(await response.text()).toBe('')
})

test.each(['/', '/livez/', '/LIVEZ', '/metrics/x', '/admin', '/..%2flivez', '//livez'])(
  '%s is 404',
  async (path) => {
    expect((await ask(path)).status).toBe(404)
  },
)

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is 405', async (method) => {
  const response = await ask('/livez', { method })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})

test('metrics are rendered once a second, whoever asks', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ask('/metrics')))
  const texts = await Promise.all(answers.map((answer) => answer.text()))
  expect(renders).toBe(1)
  expect(new Set(texts).size).toBe(1)
  expect(texts[0]).toContain('drawbridge_sessions_open')
  expect(texts[0]).toContain('process_resident_memory_bytes')
  expect(answers[0]!.headers.get('content-type')).toContain('text/plain')
})

async function open(count: number): Promise<Socket[]> {
  const sockets: Socket[] = []
  for (let index = 0; index < count; index++) {
    const socket = connect(port, '127.0.0.1')
    // Ended by the other side, it may be with a reset.
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    sockets.push(socket)
  }
  return sockets
}

test('takes 32 sockets at most: the one that has been silent for the longest makes room', async () => {
  const [first, second, third, ...rest] = await open(32)
  // What is no whole request is silence too.
  second!.write('GET /livez HTTP/1.1\r\n')
  first!.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(String((await once(first!, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
  const gone = [once(second!, 'close'), once(third!, 'close')]
  const further = await open(2)
  await Promise.all(gone)
  for (const socket of [first!, ...rest, ...further]) {
    socket.end('GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect(String((await once(socket, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
  }
})

test('a probe is answered, however many say nothing', async () => {
  const silent = await open(100)
  expect((await ask('/readyz')).status).toBe(200)
  for (const socket of silent) socket.destroy()
})

test('one whose request is being answered does not make room', async () => {
  const [slow] = await open(1)
  // More than the buffers between hold, so that some of the answers wait until it reads.
  const requests = 2_000
  const get = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
  slow!.write(get.repeat(requests - 1) + get.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'))
  const [begin] = await once(slow!, 'data')
  slow!.pause()
  const others = await open(40)
  expect((await ask('/livez')).status).toBe(200)
  const answers = begin + (await text(slow!))
  expect(answers.split('HTTP/1.1 200 ')).toHaveLength(requests + 1)
  for (const socket of others) socket.destroy()
})

test('stopping ends connections that are open', async () => {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
  await once(socket, 'data')
  const closed = once(socket, 'close')
  await monitor.stop()
  await closed
})

test('a taken port is one clear line', async () => {
  const second = new Monitor({
    bind: { kind: 'tcp', host: '127.0.0.1', port },
    metrics: new Metrics(),
    logger: createLogger({ level: 'info', format: 'json', output }),
    unready: () => undefined,
  })
  await expect(second.start()).rejects.toThrow(`monitor: 127.0.0.1:${port} is already in use`)
  await second.stop()
})
