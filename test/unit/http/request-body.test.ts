import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { RequestBody } from '../../../src/http/request-body.ts'
import type { RequestBodyOptions } from '../../../src/http/request-body.ts'

function bodyOf(options: Partial<RequestBodyOptions> = {}) {
  const source = new IncomingMessage(new Socket())
  const wanted: string[] = []
  const body = new RequestBody(source, {
    maxBytes: Infinity,
    stallMs: Infinity,
    wanted: () => wanted.push('wanted'),
    ...options,
  })
  return { source, body, wanted }
}

test('asks for the body once, when it is first read', async () => {
  const { source, body, wanted } = bodyOf()
  source.push('hello ')
  expect(wanted).toEqual([])
  const whole = text(body)
  source.push('world')
  source.push(null)
  expect(await whole).toBe('hello world')
  expect(wanted).toEqual(['wanted'])
  expect(body.received).toBe(11)
})

test('a limit is inclusive', async () => {
  for (const [bytes, token] of [
    ['12345', undefined],
    ['123456', 'body-too-big'],
  ] as const) {
    const { source, body } = bodyOf({ maxBytes: 5 })
    source.push(bytes)
    source.push(null)
    const ended = token === undefined ? expect(text(body)).resolves.toBe(bytes) : undefined
    const failed =
      token === undefined ? undefined : expect(text(body)).rejects.toMatchObject({ token })
    await (ended ?? failed)
  }
})

test('silence is body-timeout while bytes are wanted', async () => {
  const { body } = bodyOf({ stallMs: 20 })
  await expect(text(body)).rejects.toMatchObject({ token: 'body-timeout' })
})

test('silence is body-timeout behind a pause too, in which the clock stands', async () => {
  const { source, body } = bodyOf({ stallMs: 20 })
  body.read(0)
  source.push(Buffer.alloc(body.readableHighWaterMark))
  await once(source, 'pause')
  // Behind it, and as long as it: what is due together is called in its order. Real time, for a fake
  // timer that was cleared starts again when it is refreshed, and Node's does not.
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(body.destroyed).toBe(false)
  await expect(text(body)).rejects.toMatchObject({ token: 'body-timeout' })
})

test('its end does not take the message with it: what comes is discarded', async () => {
  const { source, body } = bodyOf()
  body.read()
  body.destroy()
  await once(body, 'close')
  source.push('more')
  source.complete = true
  source.push(null)
  await once(source, 'end')
  expect(source.socket.destroyed).toBe(false)
})

test('a message that is torn off is client-lost', async () => {
  const { source, body } = bodyOf()
  const failed = expect(text(body)).rejects.toMatchObject({ token: 'client-lost' })
  source.push('half')
  source.destroy()
  await failed
})
