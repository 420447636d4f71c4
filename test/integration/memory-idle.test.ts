import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { acceptKey } from '../../src/websocket/accept-key.ts'
import { proxyTo, startGateway } from '../support/gateway.ts'
import { frame } from '../support/frames.ts'
import { rawServer } from '../support/peers.ts'
import { upgradeHead } from '../support/raw-client.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

/** Bytes of all buffers that are still reachable. */
function used(): number {
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

test('an idle session keeps nothing of a burst alive', async () => {
  const count = 300
  const burst = Buffer.concat([
    frame({ payload: Buffer.alloc(64_000) }),
    // All that may be kept: the begin of a header.
    Buffer.from('827e', 'hex'),
  ])
  const upstreams: Socket[] = []
  const server = await rawServer((socket) => {
    upstreams.push(socket)
    socket.once('data', (head: Buffer) => {
      const key = /^sec-websocket-key: (.*)$/im.exec(head.toString('latin1'))?.[1] ?? ''
      const lines = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptKey(key)}`
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines}\r\n\r\n`)
      socket.resume()
    })
  })
  const running = await startGateway(proxyTo(`http://127.0.0.1:${server.port}`))
  const clients: Socket[] = []
  for (let i = 0; i < count; i++) {
    const client = connect({ port: running.port(), host: '127.0.0.1' })
    client.on('error', () => undefined)
    clients.push(client)
    client.write(upgradeHead('/'))
    await once(client, 'data')
  }
  const before = used()
  await Promise.all(
    clients.map(async (client, i) => {
      let left = 64_004
      const arrived = new Promise<void>((resolve) => {
        client.on('data', (chunk: Buffer) => {
          left -= chunk.length
          if (left <= 0) resolve()
        })
      })
      upstreams[i]!.write(burst)
      await arrived
    }),
  )
  // Buffers that nobody holds are given back a little after the collection.
  await expect.poll(() => used() - before, { interval: 20 }).toBeLessThan(count * 2_048)
  for (const client of clients) client.destroy()
  running.stop()
  server.close()
})
