import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listenOn } from '../../../src/listener/bind.ts'

let folder: string
const servers: Server[] = []

function server(): Server {
  const made = createServer()
  servers.push(made)
  return made
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-'))
})

afterEach(async () => {
  for (const made of servers.splice(0)) made.close()
  await rm(folder, { recursive: true })
})

test('port 0 becomes the port that was found', async () => {
  const bound = await listenOn(
    server(),
    { kind: 'tcp', host: '127.0.0.1', port: 0 },
    'listener edge',
  )
  expect(bound.address).toBe('127.0.0.1')
  expect(bound.port).toBeGreaterThan(0)
})

test('a taken port is one line that names who wanted it', async () => {
  const { port } = await listenOn(server(), { kind: 'tcp', host: '127.0.0.1', port: 0 }, 'first')
  const again = listenOn(server(), { kind: 'tcp', host: '127.0.0.1', port: port! }, 'listener edge')
  await expect(again).rejects.toThrow(`listener edge: 127.0.0.1:${port} is already in use`)
})

test('an address of another machine is told as that', async () => {
  const bound = listenOn(server(), { kind: 'tcp', host: '192.0.2.1', port: 0 }, 'listener edge')
  await expect(bound).rejects.toThrow(
    'listener edge: 192.0.2.1:0 is not an address of this machine',
  )
})

test('a unix socket has no port', async () => {
  const path = join(folder, 'edge.sock')
  const bound = await listenOn(server(), { kind: 'unix', path }, 'listener edge')
  expect(bound).toEqual({ address: `unix:${path}`, port: undefined })
})

test('a unix socket that nobody answers on is replaced', async () => {
  const path = join(folder, 'edge.sock')
  const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', script]), 'exit')
  await expect(listenOn(server(), { kind: 'unix', path }, 'edge')).resolves.toBeDefined()
})

test('a unix socket that somebody answers on is theirs', async () => {
  const path = join(folder, 'edge.sock')
  await listenOn(server(), { kind: 'unix', path }, 'first')
  const again = listenOn(server(), { kind: 'unix', path }, 'listener edge')
  await expect(again).rejects.toThrow(`listener edge: unix:${path} is already in use`)
})

test('a file that is no socket is left alone', async () => {
  const path = join(folder, 'notes.txt')
  await writeFile(path, 'precious')
  await expect(listenOn(server(), { kind: 'unix', path }, 'edge')).rejects.toThrow('already in use')
  expect(await readFile(path, 'utf8')).toBe('precious')
})
