import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FrameEcho } from '../../../bench/backend/frame-echo.ts'
import { rawServer } from '../../../bench/raw-socket.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'

const server = rawServer((socket) => {
  const echo = new FrameEcho(socket)
  socket.on('error', () => socket.destroy())
  return (bytes, from, to) => echo.read(bytes, from, to)
})

beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterAll(() => void server.close())

async function dial(): Promise<Socket> {
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  return socket
}

async function takes(socket: Socket, bytes: number): Promise<Buffer> {
  const parts: Buffer[] = []
  let have = 0
  while (have < bytes) {
    const [part] = (await once(socket, 'data')) as [Buffer]
    parts.push(part)
    have += part.length
  }
  return Buffer.concat(parts)
}

test.each([0, 1, 125, 126, 65_535, 65_536, 300_001])(
  'a message of %i bytes comes back unmasked',
  async (length) => {
    const payload = Buffer.from(Array.from({ length }, (_, i) => (i * 7) & 0xff))
    const socket = await dial()
    const expected = frame({ payload })
    socket.write(clientFrame({ payload }))
    expect((await takes(socket, expected.length)).equals(expected)).toBe(true)
    socket.destroy()
  },
)

test('frames that are cut at any byte come back as they were', async () => {
  const sent = Buffer.concat(['one', 'two of them', 'x'].map((payload) => clientFrame({ payload })))
  const expected = Buffer.concat(['one', 'two of them', 'x'].map((payload) => frame({ payload })))
  const socket = await dial()
  for (let cut = 1; cut < sent.length; cut++) {
    socket.write(sent.subarray(0, cut))
    // What the first part is enough for is back before the second is sent.
    await new Promise<void>((resolve) => {
      setImmediate(resolve)
    })
    socket.write(sent.subarray(cut))
    expect((await takes(socket, expected.length)).equals(expected)).toBe(true)
  }
  socket.destroy()
})

test('a ping is answered, and a Close with a Close and the end', async () => {
  const socket = await dial()
  socket.write(clientFrame({ opcode: Opcode.ping, payload: 'there?' }))
  expect(await takes(socket, 8)).toEqual(frame({ opcode: Opcode.pong, payload: 'there?' }))
  const payload = closePayload(1000)
  socket.write(clientFrame({ opcode: Opcode.close, payload }))
  expect(await takes(socket, 4)).toEqual(frame({ opcode: Opcode.close, payload }))
  await once(socket, 'end')
  socket.destroy()
})
