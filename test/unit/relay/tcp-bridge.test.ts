import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Token } from '../../../src/errors.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { bytes } from '../../support/raw-client.ts'
import { Rigs } from './rig.ts'
import type { End, Rig, Settings } from './rig.ts'

const { binary, close, continuation, ping, pong, text } = Opcode
const MiB = 1 << 20

let rigs: Rigs
beforeAll(async () => {
  rigs = await Rigs.open()
})
afterEach(() => rigs.idle())
afterAll(() => rigs.close())

const bridge = (settings: Settings = {}): Promise<Rig> =>
  rigs.make({ bridge: 'binary', ...settings })
const clientClose = (code: number, reason = ''): Buffer =>
  clientFrame({ opcode: close, payload: closePayload(code, reason) })

function leave({ client, upstream }: Rig): void {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.end()
}

/** Reads messages until they are so many bytes together. */
async function payloads(end: End, count: number): Promise<{ data: Buffer; opcodes: Set<number> }> {
  const parts: Buffer[] = []
  const opcodes = new Set<number>()
  for (let have = 0; have < count;) {
    const { opcode, payload } = await end.frame()
    opcodes.add(opcode)
    parts.push(payload)
    have += payload.length
  }
  return { data: Buffer.concat(parts), opcodes }
}

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
    leave(rig)
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
    leave(rig)
    await rig.outcome
  })

  test.each([1, 125, 126, 65_535, 65_536, 3 * MiB])('%i bytes each way, whole', async (size) => {
    const rig = await bridge()
    const data = randomBytes(size)
    rig.client.send(clientFrame({ payload: data }))
    rig.upstream.send(data)
    expect((await rig.upstream.take(size)).equals(data)).toBe(true)
    expect((await payloads(rig.client, size)).data.equals(data)).toBe(true)
    leave(rig)
    await rig.outcome
  })

  test('bytes that came early first', async () => {
    const early = { client: clientFrame({ payload: 'a' }), upstream: Buffer.from('RFB 003.008\n') }
    const rig = await bridge({ early })
    rig.client.send(clientFrame({ payload: 'b' }))
    expect((await rig.upstream.take(2)).toString()).toBe('ab')
    expect((await rig.client.frame()).payload.toString()).toBe('RFB 003.008\n')
    leave(rig)
    await rig.outcome
  })

  test('message-kind: a text message gets 1003, the backend a reset', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ payload: 'good' }), clientFrame({ opcode: text, payload: 'bad' }))
    expect(await rig.client.close()).toBe('1003 message-kind')
    expect(await rig.client.rest()).toHaveLength(0)
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    leave(rig)
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
    leave(rig)
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
    leave(rig)
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
    leave(rig)
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
    leave(rig)
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
    leave(rig)
    await rig.outcome
  })
})

describe('(none): one side ends in good order', () => {
  test('the backend: everything is flushed, then 1000', async () => {
    const rig = await bridge()
    const data = randomBytes(MiB)
    rig.upstream.send(data)
    rig.upstream.end()
    expect((await payloads(rig.client, MiB)).data.equals(data)).toBe(true)
    expect(await rig.client.close()).toBe('1000')
    rig.client.send(clientClose(1000))
    await rig.client.rest()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({
      closedBy: 'upstream',
      code: 1000,
      reason: '',
      error: undefined,
      sent: { bytes: MiB },
    })
  })

  test('the backend, half: what the client says before its Close still arrives', async () => {
    const rig = await bridge()
    rig.upstream.end()
    expect(await rig.client.close()).toBe('1000')
    rig.client.send(clientFrame({ payload: 'last words' }), clientClose(1000))
    expect((await rig.upstream.rest()).toString()).toBe('last words')
    rig.client.end()
    await rig.outcome
  })

  test('the client: answered at once, FIN behind what it sent, late bytes discarded', async () => {
    const rig = await bridge()
    const data = randomBytes(MiB)
    rig.client.send(clientFrame({ payload: data }), clientClose(4000, 'bye'))
    expect(await rig.client.close()).toBe('4000 bye')
    expect(await rig.client.rest()).toHaveLength(0)
    expect((await rig.upstream.rest()).equals(data)).toBe(true)
    expect(rig.upstream.wasReset).toBe(false)
    rig.upstream.send(Buffer.alloc(MiB))
    rig.upstream.end()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({
      closedBy: 'client',
      code: 4000,
      reason: 'bye',
      error: undefined,
      sent: { messages: 0, bytes: 0 },
    })
  })

  test('a Close without a code is answered without one', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ opcode: close }))
    expect(await rig.client.close()).toBe('no code')
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'client', code: 1005 })
  })

  test('a backend that goes on sending is destroyed after timeouts.closing', async () => {
    const rig = await bridge({ timeouts: { closing: 60 } })
    rig.client.send(clientClose(1000))
    await rig.client.rest()
    rig.client.end()
    const busy = setInterval(() => rig.upstream.send(Buffer.alloc(1000)), 5)
    await rig.outcome
    clearInterval(busy)
    rig.upstream.socket.destroy()
  })

  test('a client that does not answer 1000 is gone after timeouts.closing', async () => {
    const rig = await bridge({ timeouts: { closing: 60 } })
    rig.upstream.end()
    await rig.client.rest()
    rig.client.end()
    expect(await rig.ended()).toMatchObject({ closedBy: 'upstream', code: 1000 })
  })
})

test('upstream-lost: a backend’s reset is 1011', async () => {
  const rig = await bridge()
  rig.upstream.send(Buffer.from('x'))
  await rig.client.frame()
  rig.upstream.reset()
  expect(await rig.client.close()).toBe('1011 upstream-lost')
  leave(rig)
  expect(await rig.ended()).toMatchObject({
    closedBy: 'upstream',
    code: 1011,
    error: 'upstream-lost',
  })
})

describe('client-lost', () => {
  test.each([
    ['end', 'between messages', clientFrame({ payload: 'x' })],
    ['reset', 'between messages', clientFrame({ payload: 'x' })],
    ['end', 'inside one', clientFrame({ payload: 'xyz' }).subarray(0, 7)],
    ['reset', 'inside one', clientFrame({ payload: 'xyz' }).subarray(0, 7)],
  ] as const)('%s %s resets the backend', async (how, _, sent) => {
    const rig = await bridge()
    rig.client.send(sent)
    await rig.upstream.take(1)
    rig.client[how]()
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    expect(await rig.ended()).toMatchObject({
      closedBy: 'client',
      code: 1006,
      error: 'client-lost',
    })
  })
})

describe('violations', () => {
  test.each<[Token, string, Buffer]>([
    ['frame-invalid', '1002', frame({ payload: 'unmasked' })],
    ['frame-invalid', '1002', clientFrame({ rsv: 0x40 })],
    ['frame-invalid', '1002', clientClose(1005)],
    ['message-too-big', '1009', clientFrame({ payload: Buffer.alloc(11) })],
    ['rate-exceeded', '1008', Buffer.concat([sizedPing(), sizedPing()])],
  ])('%s: %s, and a reset for the backend', async (token, code, bad) => {
    const rig = await bridge({
      limits: {
        message: { fromClient: 10, fromUpstream: Infinity },
        controlFrameRate: { rate: { count: 1, perMs: 60_000 }, burst: 1, over: 'close' },
      },
    })
    rig.client.send(bad)
    if (token === 'rate-exceeded') expect((await rig.client.frame()).opcode).toBe(pong)
    expect(await rig.client.close()).toBe(`${code} ${token}`)
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', error: token })
  })
})

describe('what the gateway decides', () => {
  test.each<[Token, string]>([
    ['draining', '1001'],
    ['idle', '1001'],
    ['lifetime', '1001'],
  ])('%s: a Close, and FIN for the backend', async (token, code) => {
    const rig = await bridge()
    rig.client.send(clientFrame({ payload: 'x' }))
    await rig.upstream.take(1)
    rig.session.close(new GatewayError(token, 'because'))
    expect(await rig.client.close()).toBe(`${code} ${token}`)
    expect(await rig.upstream.rest()).toHaveLength(0)
    expect(rig.upstream.wasReset).toBe(false)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ closedBy: 'gateway', error: token })
  })

  test('draining waits for the end of a message', async () => {
    const rig = await bridge()
    rig.client.send(clientFrame({ fin: false, payload: 'one ' }))
    await rig.upstream.take(4)
    rig.session.close(new GatewayError('draining', 'because'))
    rig.client.send(
      clientFrame({ opcode: continuation, payload: 'two' }),
      clientFrame({ payload: 'three' }),
    )
    expect(await rig.client.close()).toBe('1001 draining')
    expect((await rig.upstream.rest()).toString()).toBe('two')
    leave(rig)
    await rig.outcome
  })

  test('draining does not wait for long, and the backend still gets FIN', async () => {
    const rig = await bridge({ timeouts: { closing: 100 } })
    rig.client.send(clientFrame({ payload: 'abcdef' }).subarray(0, 8))
    await rig.upstream.take(2)
    rig.session.close(new GatewayError('draining', 'because'))
    expect(await rig.client.close()).toBe('1001 draining')
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(false)
    leave(rig)
    await rig.outcome
  })
})

describe('clocks', () => {
  test('client-silent: 1001, and a reset for the backend', async () => {
    const rig = await bridge({ timeouts: { ping: 30, pong: 40 } })
    expect((await rig.client.frame()).opcode).toBe(ping)
    expect(await rig.client.close()).toBe('1001 client-silent')
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1001, error: 'client-silent' })
  })

  test('a backend may be silent for as long as it likes', async () => {
    const rig = await bridge({ timeouts: { ping: 10, pong: 100 } })
    for (let i = 0; i < 5; i++) {
      const { payload } = await rig.client.frame()
      rig.client.send(clientFrame({ opcode: pong, payload }))
    }
    expect(rig.upstream.received).toHaveLength(0)
    leave(rig)
    await rig.outcome
  })

  test('client-stalled: both are reset', async () => {
    const rig = await bridge({ unread: 'client', timeouts: { stall: 80 } })
    for (let i = 0; i < 32; i++) rig.upstream.send(Buffer.alloc(MiB))
    await rig.upstream.rest()
    expect(rig.upstream.wasReset).toBe(true)
    rig.client.read()
    await rig.client.rest()
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1006, error: 'client-stalled' })
  })

  test('upstream-stalled: 1011', async () => {
    const rig = await bridge({ unread: 'upstream', timeouts: { stall: 80 } })
    for (let i = 0; i < 32; i++) rig.client.send(clientFrame({ payload: Buffer.alloc(MiB) }))
    expect(await rig.client.close()).toBe('1011 upstream-stalled')
    rig.upstream.read()
    await rig.upstream.rest()
    leave(rig)
    expect(await rig.ended()).toMatchObject({ code: 1011, error: 'upstream-stalled' })
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
    leave(rig)
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
    leave(rig)
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

function sizedPing(): Buffer {
  return clientFrame({ opcode: ping, payload: 'p' })
}

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
