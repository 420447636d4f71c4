import { once } from 'node:events'
import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { EarlyBytes } from '../../../src/listener/early-bytes.ts'
import { rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'
import { RawClient } from '../../support/raw-client.ts'

const peers: Peer[] = []
afterEach(() => {
  for (const peer of peers.splice(0)) peer.close()
})

/** Our end of a connection, unread, and its client. */
async function pair(): Promise<{ socket: Socket; client: RawClient }> {
  const { promise, resolve } = Promise.withResolvers<Socket>()
  const peer = await rawServer(resolve)
  peers.push(peer)
  const client = await RawClient.connect(peer.port)
  return { client, socket: await promise }
}

/** Reads until so much has come. */
async function read(socket: Socket, count: number): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')))
  socket.resume()
  while (text.length < count) await once(socket, 'data')
  return text
}

test('what came with the head and after it is read again, in order and once', async () => {
  const { socket, client } = await pair()
  const held = new EarlyBytes(socket, Buffer.from('one '), 1_000)
  client.send('two ')
  await once(socket, 'data')
  held.release()
  held.release()
  expect(socket.isPaused()).toBe(true)
  client.send('three')
  expect(await read(socket, 13)).toBe('one two three')
  client.destroy()
})

test('reading pauses at the limit, and nothing is lost', async () => {
  const { socket, client } = await pair()
  const held = new EarlyBytes(socket, Buffer.alloc(0), 8)
  client.send('12345678')
  await once(socket, 'pause')
  client.send('rest')
  held.release()
  expect(await read(socket, 12)).toBe('12345678rest')
  client.destroy()
})

test('what is discarded is not read again, and the client may leave', async () => {
  const { socket, client } = await pair()
  const held = new EarlyBytes(socket, Buffer.from('early'), 1_000)
  held.discard()
  held.release()
  client.send('late')
  client.end()
  await once(socket, 'end')
  expect(socket.readableLength).toBe(0)
  client.destroy()
})
