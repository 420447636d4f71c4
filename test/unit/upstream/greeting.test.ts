import { once } from 'node:events'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { awaitGreeting } from '../../../src/upstream/greeting.ts'
import { rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'

let peer: Peer | undefined
afterEach(() => {
  vi.useRealTimers()
  peer?.close()
})

/** A socket of a service, and the other end of it. */
async function dialed(): Promise<{ socket: Socket; service: Socket }> {
  const { promise, resolve } = Promise.withResolvers<Socket>()
  peer = await rawServer(resolve)
  const socket = connect({ port: peer.port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return { socket, service: await promise }
}

function greeted(socket: Socket, signal = new AbortController().signal): Promise<void> {
  return awaitGreeting(socket, { server: 'tcp://here', greeting: 'RFB ', signal })
}

/** All that is left to read, until the other end's FIN. */
async function rest(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('latin1').on('data', (part: string) => (text += part))
  socket.resume()
  await once(socket, 'end')
  return text
}

test.each([
  ['at once', ['RFB 003.008\n']],
  ['byte by byte', 'RFB 003.008\n'.split('')],
  ['with more behind it', ['RFB 003.008\nand', ' more']],
  ['and no more', ['RFB ']],
])('a greeting that comes %s is still there to be read', async (_, parts) => {
  const { socket, service } = await dialed()
  const checked = greeted(socket)
  for (const part of parts) {
    service.write(part, 'latin1')
    await new Promise(setImmediate)
  }
  await checked
  service.end()
  expect(await rest(socket)).toBe(parts.join(''))
  socket.destroy()
})

test.each(['SSH-2.0-x\r\n', 'RFC', 'r', '\0'])('%j is another service', async (text) => {
  const { socket, service } = await dialed()
  service.write(text)
  await expect(greeted(socket)).rejects.toMatchObject({
    token: 'upstream-greeting',
    message: 'tcp://here: does not begin with "RFB "',
  })
  expect(socket.destroyed).toBe(true)
})

test.each([
  ['ends in silence', (service: Socket) => service.end()],
  ['ends inside the greeting', (service: Socket) => service.end('RF')],
  ['resets', (service: Socket) => service.resetAndDestroy()],
])('a service that %s is lost', async (_, act) => {
  const { socket, service } = await dialed()
  const checked = greeted(socket)
  act(service)
  await expect(checked).rejects.toMatchObject({ token: 'upstream-lost' })
})

test('one that is silent is waited for ten seconds', async () => {
  const { socket } = await dialed()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const checked = greeted(socket)
  vi.advanceTimersByTime(9_999)
  expect(socket.destroyed).toBe(false)
  vi.advanceTimersByTime(1)
  await expect(checked).rejects.toMatchObject({ token: 'upstream-timeout' })
  expect(socket.destroyed).toBe(true)
})

test('a client that leaves ends the wait', async () => {
  const { socket } = await dialed()
  const controller = new AbortController()
  const reason = new GatewayError('client-lost', 'gone')
  const checked = greeted(socket, controller.signal)
  controller.abort(reason)
  await expect(checked).rejects.toBe(reason)
  await expect(greeted(socket, controller.signal)).rejects.toBe(reason)
  expect(socket.destroyed).toBe(true)
})
