import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame } from '../../support/frames.ts'
import { bytes } from '../../support/raw-client.ts'
import { turn } from '../../support/raw-session.ts'
import { Rigs } from './rig.ts'
import type { Rig, Settings } from './rig.ts'
import { leaveBridge } from './closes.ts'
import { payloads } from './payloads.ts'

const { binary, continuation, ping, pong, text } = Opcode
const MiB = 1 << 20

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

const bridge = (settings: Settings = {}): Promise<Rig> =>
  rigs.make({ bridge: 'binary', ...settings })

describe('binary', () => {
  test('messages become bytes, each read becomes a message', async () => {
    const rig = await bridge()
    rig.client.send(
      clientFrame({ payload: 'one ' }),
      clientFrame({ fin: false, payload: 'two ' }),
      clientFrame({ opcode: ping, payload: 'between' }),
      clientFrame({ opcode: continuation, payload: 'parts ' }),
      clientFrame(),
      clientFrame({ payload: 'end' }),
    )
    expect((await rig.upstream.take(17)).toString()).toBe('one two parts end')
    expect(await rig.client.frame()).toMatchObject({
      opcode: pong,
      payload: Buffer.from('between'),
    })
    rig.upstream.send(Buffer.from('hello'))
    expect(await rig.client.frame()).toEqual({
      opcode: binary,
      fin: true,
      masked: false,
      payload: Buffer.from('hello'),
    })
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({
      received: { messages: 4, bytes: 17 },
      sent: { messages: 1, bytes: 5 },
    })
  })

  test('frames that arrive byte by byte', async () => {
    const rig = await bridge()
    const whole = Buffer.concat([
      clientFrame({ payload: Buffer.alloc(130, 'a') }),
      clientFrame({ opcode: ping, payload: 'p' }),
      clientFrame({ payload: 'bc' }),
    ])
    for (const byte of whole) {
      rig.client.send(Buffer.from([byte]))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await rig.upstream.take(132)).toString()).toBe(`${'a'.repeat(130)}bc`)
    leaveBridge(rig)
    await rig.outcome
  })

  test.each([1, 125, 126, 65_535, 65_536, 3 * MiB])('%i bytes each way, whole', async (size) => {
    const rig = await bridge()
    const data = randomBytes(size)
    rig.client.send(clientFrame({ payload: data }))
    rig.upstream.send(data)
    expect((await rig.upstream.take(size)).equals(data)).toBe(true)
    expect((await payloads(rig.client, size)).data.equals(data)).toBe(true)
    leaveBridge(rig)
    await rig.outcome
  })

  test.each([2 ** 53, 2 ** 62])(
    'a frame of %i bytes arrives as far as it comes',
    async (length) => {
      const rig = await bridge()
      const header = bytes('82 ff 0000000000000000 37fa213d')
      header.writeBigUInt64BE(BigInt(length), 2)
      const payload = clientFrame({ payload: 'unmasked right in every piece' }).subarray(6)
      rig.client.send(header)
      for (let at = 0; at < payload.length; at += 3) {
        rig.client.send(payload.subarray(at, at + 3))
        await turn()
      }
      expect((await rig.upstream.take(29)).toString()).toBe('unmasked right in every piece')
      rig.client.end()
      await rig.outcome
    },
  )

  test('bytes that came early first', async () => {
    const early = { client: clientFrame({ payload: 'a' }), upstream: Buffer.from('RFB 003.008\n') }
    const rig = await bridge({ early })
    rig.client.send(clientFrame({ payload: 'b' }))
    expect((await rig.upstream.take(2)).toString()).toBe('ab')
    expect((await rig.client.frame()).payload.toString()).toBe('RFB 003.008\n')
    leaveBridge(rig)
    await rig.outcome
  })

  test('message-kind: a text message gets 1003, the backend a reset', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ payload: 'good' }), clientFrame({ opcode: text, payload: 'bad' }))
    expect(await rig.client.close()).toBe('1003 message-kind')
    expect(await rig.client.rest()).toHaveLength(0)
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({
      closedBy: 'gateway',
      code: 1003,
      error: 'message-kind',
      received: { messages: 1, bytes: 4 },
    })
  })

  test('an empty text message is refused too', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ opcode: text }))
    expect(await rig.client.close()).toBe('1003 message-kind')
    leaveBridge(rig)
    await rig.outcome
  })
})

describe('text', () => {
  test('both kinds are taken, bytes go out as text', async () => {
    const rig = await bridge({ bridge: 'text' })
    rig.client.send(
      clientFrame({ opcode: text, payload: 'grüß ' }),
      clientFrame({ payload: 'dich' }),
    )
    expect((await rig.upstream.take(11)).toString()).toBe('grüß dich')
    rig.upstream.send(Buffer.from('hallo €'))
    const { data, opcodes } = await payloads(rig.client, 9)
    expect([data.toString(), [...opcodes]]).toEqual(['hallo €', [text]])
    leaveBridge(rig)
    await rig.outcome
  })

  test('characters are never cut, and what is no UTF-8 becomes U+FFFD', async () => {
    const rig = await bridge({ bridge: 'text' })
    rig.upstream.send(bytes('41 e2 82'))
    expect((await rig.client.frame()).payload.toString()).toBe('A')
    rig.upstream.send(bytes('ac ff 42'))
    expect((await rig.client.frame()).payload.toString()).toBe('€\ufffdB')
    rig.upstream.send(bytes('f0 9f'))
    rig.upstream.end()
    expect((await rig.client.frame()).payload.toString()).toBe('\ufffd')
    expect(await rig.client.close()).toBe('1000')
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'upstream', code: 1000, error: undefined })
  })

  // Autobahn 6: UTF-8 is checked over the whole message, and known to be wrong before its end.
  test.each([
    ['6.3.1 a surrogate', ['cebae1bdb9cf83cebcceb5eda080656469746564']],
    ['6.3.2 a surrogate, byte by byte', 'cebae1bdb9cf83cebcceb5eda080'.match(/../g)!],
    ['6.4.1 beyond U+10FFFF, in fragments', ['cebae1bdb9cf83cebcceb5', 'f4908080', '656469746564']],
    ['6.6.1 a character without its rest', ['ce']],
    ['6.8.1 an overlong form', ['c080']],
    ['6.10.1 an overlong form of four', ['f0808080']],
    ['6.12 a lone continuation', ['80']],
    ['6.14 impossible bytes', ['fe']],
    ['6.21 reserved leads', ['f5808080']],
  ])('text-invalid: %s gets 1007', async (_, parts) => {
    const rig = await bridge({ bridge: 'text' })
    for (const [i, hex] of parts.entries()) {
      const fin = i === parts.length - 1
      rig.client.send(
        clientFrame({ opcode: i === 0 ? text : continuation, fin, payload: bytes(hex) }),
      )
    }
    expect(await rig.client.close()).toBe('1007 text-invalid')
    await rig.upstream.rest()
    leaveBridge(rig)
    expect(await rig.ended()).toMatchObject({ code: 1007, error: 'text-invalid' })
  })

  test('a character may be cut between fragments, and binary may be anything', async () => {
    const rig = await bridge({ bridge: 'text' })
    rig.client.send(
      clientFrame({ opcode: text, fin: false, payload: bytes('e2') }),
      clientFrame({ opcode: continuation, payload: bytes('82ac') }),
      clientFrame({ payload: bytes('ff') }),
    )
    expect((await rig.upstream.take(4)).toString('hex')).toBe('e282acff')
    leaveBridge(rig)
    await rig.outcome
  })
})

describe('back-pressure', () => {
  test('a backend that does not read pauses the client, and nothing is lost', async () => {
    const rig = await bridge({ unread: 'upstream' })
    const data = randomBytes(32 * MiB)
    rig.client.send(clientFrame({ payload: data }))
    expect(await settle(rig, 'received')).toBeLessThan(24 * MiB)
    rig.upstream.read()
    expect((await rig.upstream.take(data.length)).equals(data)).toBe(true)
    leaveBridge(rig)
    await rig.outcome
  })

  test('a client that does not read pauses the backend, and nothing is lost', async () => {
    const rig = await bridge({ unread: 'client' })
    const data = randomBytes(32 * MiB)
    rig.upstream.send(data)
    expect(await settle(rig, 'sent')).toBeLessThan(24 * MiB)
    const got: Buffer[] = []
    rig.client.socket.on('data', (chunk: Buffer) => got.push(chunk))
    rig.upstream.end()
    rig.client.socket.resume()
    await rig.client.rest()
    const frames = Buffer.concat(got)
    let at = 0
    let same = true
    for (let taken = 0; taken < data.length;) {
      const short = frames[at + 1]!
      const header = short < 126 ? 2 : short === 126 ? 4 : 10
      const size =
        short < 126
          ? short
          : short === 126
            ? frames.readUInt16BE(at + 2)
            : frames.readUInt32BE(at + 6)
      same &&= frames
        .subarray(at + header, at + header + size)
        .equals(data.subarray(taken, taken + size))
      taken += size
      at += header + size
    }
    expect([same, frames.toString('hex', at)]).toEqual([true, '880203e8'])
    leaveBridge(rig)
    await rig.outcome
  })

  test('a client that sends pings and reads no pongs is paused', async () => {
    const rig = await bridge({ unread: 'client' })
    const pings = Buffer.concat(
      Array.from({ length: 8_000 }, () =>
        clientFrame({ opcode: ping, payload: Buffer.alloc(125) }),
      ),
    )
    for (let i = 0; i < 32; i++) rig.client.send(pings)
    let [seen, looks] = [-1, 0]
    while (looks < 30) {
      await rigs.ticks(1)
      const left = rig.client.socket.writableLength
      looks = left === seen ? looks + 1 : 0
      seen = left
    }
    expect(seen).toBeGreaterThan(0)
    rig.client.reset()
    await rig.upstream.rest()
    await rig.outcome
  })
})

/** Waits until nothing more is taken. @returns how much was */
async function settle(rig: Rig, direction: 'received' | 'sent'): Promise<number> {
  let [seen, looks] = [-1, 0]
  while (looks < 30) {
    await rigs.ticks(1)
    const { bytes } = rig.session[direction]
    looks = bytes === seen ? looks + 1 : 0
    seen = bytes
  }
  return seen
}
