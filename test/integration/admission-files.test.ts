import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { httpServer } from '../support/peers.ts'
import { RawClient } from '../support/raw-client.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const head = 'GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'

/** What one client came to: a status, or how its connection ended. */
async function visit(port: number): Promise<{ outcome: string; client: RawClient }> {
  const client = new RawClient(connect({ port, host: '127.0.0.1', allowHalfOpen: true }))
  client.send(head)
  const outcome = await client.answer().then(
    ({ status }) => String(status),
    () => (client.wasReset ? 'reset' : 'closed'),
  )
  return { outcome, client }
}

test('500 clients of a process with 128 files: it says no, lives, and serves again', async () => {
  const upstream = await httpServer((_, response) => response.end('hello'))
  const launcher = [process.execPath, 'bin/drawbridge.js']
  const flags = ['--to', `http://127.0.0.1:${upstream.port}`, '--listen', '127.0.0.1:0']
  const child = spawn('bash', ['-c', 'ulimit -n 128 && exec "$@"', 'bash', ...launcher, ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: 60_000,
  })
  const exited = once(child, 'exit')
  const lines: Record<string, unknown>[] = []
  const listening = Promise.withResolvers<number>()
  createInterface(child.stdout).on('line', (text) => {
    const line = JSON.parse(text) as Record<string, unknown>
    lines.push(line)
    if (line['msg'] === 'listening') listening.resolve(Number(line['port']))
  })
  try {
    const port = await listening.promise
    const visits = await Promise.all(Array.from({ length: 500 }, () => visit(port)))
    const counts = Map.groupBy(visits, ({ outcome }) => outcome)
    // (128 - 64) / 2 have a place, and keep it; what is told no is told so, or reset where too many
    // are.
    expect(counts.get('200')?.length).toBe(32)
    expect(
      [...counts.keys()].filter((outcome) => !['200', '503', 'reset'].includes(outcome)),
    ).toEqual([])
    expect(counts.get('503')?.length).toBeGreaterThan(0)
    expect(child.exitCode).toBe(null)

    for (const { client } of visits) client.destroy()
    const freedAt = performance.now()
    let again = await visit(port)
    while (again.outcome !== '200') {
      again.client.destroy()
      again = await visit(port)
    }
    again.client.destroy()
    expect(performance.now() - freedAt).toBeLessThan(2_000)
    expect(lines.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([])
  } finally {
    child.kill('SIGTERM')
    upstream.close()
  }
  expect(await exited).toEqual([0, null])
}, 60_000)
