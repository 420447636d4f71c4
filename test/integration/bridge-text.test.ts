import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../src/websocket/opcode.ts'
import { closeFrame } from '../support/frame-run.ts'
import { clientFrame } from '../support/frames.ts'
import { bytes } from '../support/raw-client.ts'
import { RawGateway, takeFrame, turn } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'

let gateway: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.bridge({
    timeouts: { closing: '400ms' },
    routes: [{ name: 'main', bridge: 'backend', messages: 'text' }],
  })
})
afterAll(() => gateway.stop())

describe('a bridge with `messages: text`', () => {
  test.each([
    ['ASCII', ['68656c6c6f']],
    ['an accent over two reads', ['63 c3', 'a9 64']],
    ['a euro over three reads', ['e2', '82', 'ac']],
    ['an emoji over four reads', ['f0', '9f', '98', '80']],
    ['an emoji, cut in the middle', ['6869 f09f', '9880 21']],
    ['every byte by itself', split('41c3a9e282acf09f988042')],
    ['a byte that is never UTF-8', ['61ff62']],
    ['half a character before another', ['61c3', '62']],
    ['half a character, a quarter before another', ['f09f', '41']],
    ['a surrogate', ['eda080']],
    ['an overlong form', ['c080']],
    ['beyond U+10FFFF', ['f4908080']],
    ['a lone continuation byte', ['80', '61']],
    ['half a character at the end of the stream', ['61e282']],
    ['all bytes there are', [allBytes()]],
    ['a byte order mark', ['efbbbf61']],
    ['NUL and control bytes', ['00011b7f']],
  ])('the backend’s bytes become text: %s', async (_, reads) => {
    const session = await gateway.open()
    for (const read of reads) {
      session.upstream.send(bytes(read))
      await turn()
    }
    session.upstream.end()
    const texts = await textsUntilClose(session)
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
    expect(texts.join('')).toBe(decoder.decode(bytes(reads.join(''))))
    await session.closed()
  })

  test('a large text, cut anywhere, is whole and every message is UTF-8', async () => {
    const session = await gateway.open()
    const text = 'aé€😀'.repeat(30_000)
    const sent = Buffer.from(text)
    for (let at = 0; at < sent.length; at += 9_973) {
      session.upstream.send(sent.subarray(at, at + 9_973))
      await turn()
    }
    session.upstream.end()
    expect((await textsUntilClose(session)).join('')).toBe(text)
    expect((await session.closed())['sent']).toMatchObject({ bytes: sent.length })
  })

  test.each([
    ['text', Opcode.text],
    ['binary', Opcode.binary],
  ])('%s messages of the client become bytes', async (_, opcode) => {
    const session = await gateway.open()
    session.client.send(clientFrame({ opcode, payload: 'é€😀' }))
    expect((await session.upstream.take(9)).toString()).toBe('é€😀')
    await end(session)
  })

  test('a character may be cut by fragments', async () => {
    const session = await gateway.open()
    session.client.send(clientFrame({ opcode: Opcode.text, fin: false, payload: bytes('f09f') }))
    session.client.send(clientFrame({ opcode: Opcode.ping }))
    session.client.send(clientFrame({ opcode: Opcode.continuation, payload: bytes('9880') }))
    expect((await session.upstream.take(4)).toString()).toBe('😀')
    await end(session)
  })

  test('a character may be cut by reads', async () => {
    const session = await gateway.open()
    const sent = clientFrame({ opcode: Opcode.text, payload: '😀é' })
    for (const byte of sent) {
      session.client.send(Buffer.from([byte]))
      await turn()
    }
    expect((await session.upstream.take(6)).toString()).toBe('😀é')
    await end(session)
  })
})

async function textsUntilClose({ client }: RawSession): Promise<string[]> {
  const texts: string[] = []
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  for (;;) {
    const { opcode, payload } = await takeFrame(client)
    if (opcode === Opcode.close) {
      expect(payload.toString('hex')).toBe('03e8')
      client.send(closeFrame('client', 1000))
      client.end()
      return texts
    }
    expect(opcode).toBe(Opcode.text)
    expect(payload.length).toBeGreaterThan(0)
    texts.push(decoder.decode(payload))
  }
}

async function end({ client, upstream, closed }: RawSession): Promise<void> {
  client.end()
  upstream.end()
  await closed()
}

function split(hex: string): string[] {
  return hex.match(/../g) ?? []
}

function allBytes(): string {
  return Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('hex')
}
