import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { maxFragments } from '../../../src/websocket/frame-header.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { FrameScanner } from '../../../src/websocket/scanner.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import { bytes } from '../../support/raw-client.ts'
import { cut, everyByte, scan } from './scan.ts'

const { close, continuation, ping, pong, text } = Opcode
const key = '00000000'

// Every violation also comes behind a good frame, which goes out first, and one byte at a time.
describe.each([
  ['unmasked client frame', '81 05 48656c6c6f'],
  ['RSV1 without deflate', 'c1 85 37fa213d 7f9f4d5158'],
  ['RSV2', `a1 80 ${key}`],
  ['RSV3', `91 80 ${key}`],
  ['RSV1 on a ping', `c9 80 ${key}`],
  ['opcode 3', '83 80 37fa213d'],
  ['opcode 7', `87 80 ${key}`],
  ['opcode 11', `8b 80 ${key}`],
  ['opcode 15', `8f 80 ${key}`],
  ['fragmented ping', '09 81 37fa213d 47'],
  ['fragmented pong', `0a 80 ${key}`],
  ['fragmented close', `08 80 ${key}`],
  ['ping of 126 bytes', `89 fe 007e ${key}`],
  ['ping with a 64-bit length', `89 ff 0000000000000001 ${key}`],
  ['close of 126 bytes', `88 fe 007e ${key}`],
  ['stray continuation', '80 85 37fa213d 7f9f4d5158'],
  ['stray continuation without FIN', `00 80 ${key}`],
  ['text inside a fragmented message', `01 80 ${key} 81 80 ${key}`],
  ['binary inside a fragmented message', `02 80 ${key} 82 80 ${key}`],
  ['16-bit length of 125', `82 fe 007d ${key}`],
  ['16-bit length of 0', `82 fe 0000 ${key}`],
  ['64-bit length of 65535', `82 ff 000000000000ffff ${key}`],
  ['64-bit length of 0', `82 ff 0000000000000000 ${key}`],
  ['length 2^63', '81 ff 8000000000000000 37fa213d'],
  ['length 2^64 - 1', `82 ff ffffffffffffffff ${key}`],
  ['close of 1 byte', '88 81 37fa213d 34'],
  ['close code 0', `88 82 ${key} 0000`],
  ['close code 999', `88 82 ${key} 03e7`],
  ['close code 1004', `88 82 ${key} 03ec`],
  ['close code 1005', '88 82 37fa213d 3417'],
  ['close code 1006', `88 82 ${key} 03ee`],
  ['close code 1015', `88 82 ${key} 03f7`],
  ['close code 1016', `88 82 ${key} 03f8`],
  ['close code 2999', `88 82 ${key} 0bb7`],
  ['close code 5000', `88 82 ${key} 1388`],
  ['close reason that is not UTF-8', `88 83 ${key} 03e8 ff`],
  ['close reason cut inside a character', `88 84 ${key} 03e8 e282`],
])('refuses from a client: %s', (_, hex) => {
  const bad = bytes(hex)
  const good = clientFrame({ payload: 'before' })

  test('frame-invalid', () => expect(scan([bad])).toMatchObject({ token: 'frame-invalid' }))

  test('frames before it in the same read go out first', () => {
    const result = scan([Buffer.concat([good, bad])])
    expect(result.passed.startsWith(good.toString('hex'))).toBe(true)
    expect(result).toMatchObject({ token: 'frame-invalid', messages: 1, bytes: 6 })
  })

  test('byte by byte too', () => {
    expect({ ...scan(everyByte(Buffer.concat([good, bad]))), runs: 0 }).toEqual({
      ...scan([Buffer.concat([good, bad])]),
      runs: 0,
    })
  })
})

test.each([
  ['masked frame', '82 81 00000000 41', 1002],
  ['RSV1', 'c1 00', 1002],
  ['reserved opcode', '84 00', 1002],
  ['stray continuation', '80 00', 1002],
  ['bad close code', '88 02 03ed', 1002],
  ['message over the limit', '82 7e 0401', 1009],
])('an upstream’s %s is upstream-invalid', (_, hex, code) => {
  expect(scan([bytes(hex)], { from: 'upstream', maxMessageBytes: 1024 })).toMatchObject({
    token: 'upstream-invalid',
    upstreamCode: code,
    passed: '',
  })
})

describe('deflate', () => {
  test.each([
    ['RSV1 marks a message', 'c2 80', undefined],
    ['RSV1 marks a fragmented message', `41 80 ${key} 80 80`, undefined],
    ['RSV1 on a continuation', `41 80 ${key} c0 80`, 'frame-invalid'],
    ['RSV1 on a ping', 'c9 80', 'frame-invalid'],
    ['RSV1 on a close', 'c8 80', 'frame-invalid'],
    ['RSV1 and RSV2', 'e2 80', 'frame-invalid'],
    ['RSV2 alone', 'a2 80', 'frame-invalid'],
  ])('%s', (_, hex, token) => {
    expect(scan([bytes(`${hex} ${key}`)], { deflate: true }).token).toBe(token)
  })
})

describe('message size', () => {
  const limit = { maxMessageBytes: 1024 }
  test.each([
    ['exactly the limit', `82 fe 0400 ${key}`, undefined],
    ['one above', `82 fe 0401 ${key}`, 'message-too-big'],
    ['one above, before the key has come', '82 fe 0401', 'message-too-big'],
    ['2^40', `82 ff 0000010000000000 ${key}`, 'message-too-big'],
    ['2^53', `82 ff 0020000000000000 ${key}`, 'message-too-big'],
    ['2^63 - 1', `82 ff 7fffffffffffffff ${key}`, 'message-too-big'],
  ])('%s', (_, hex, token) => expect(scan([bytes(hex)], limit).token).toBe(token))

  test('fragments are summed, and control frames between them are not', () => {
    const whole = [
      clientFrame({ fin: false, payload: Buffer.alloc(600) }),
      clientFrame({ opcode: ping, payload: Buffer.alloc(125) }),
      clientFrame({ opcode: continuation, fin: false, payload: Buffer.alloc(424) }),
    ]
    expect(scan(whole, limit)).toMatchObject({ token: undefined, bytes: 1024, messages: 0 })
    const last = clientFrame({ opcode: continuation, payload: 'x' })
    expect(scan([...whole, last], limit)).toMatchObject({ token: 'message-too-big', bytes: 1024 })
  })

  test('each message is counted anew', () => {
    const message = clientFrame({ payload: Buffer.alloc(1024) })
    expect(scan([message, message, message], limit)).toMatchObject({
      token: undefined,
      messages: 3,
    })
  })

  test.each([2 ** 53, 2 ** 62])('without a limit a length of %i is only counted', (length) => {
    const header = Buffer.from(`82ff000000000000000000000000`, 'hex')
    header.writeBigUInt64BE(BigInt(length), 2)
    const payload = Buffer.alloc(100_000)
    expect(scan([header, payload, payload])).toMatchObject({ token: undefined, bytes: 200_000 })
  })

  test('16,384 fragments are a message, one more is too big; empty ones count', () => {
    const begin = clientFrame({ opcode: text, fin: false })
    const more = Buffer.concat(
      Array.from({ length: maxFragments - 2 }, () =>
        clientFrame({ opcode: continuation, fin: false }),
      ),
    )
    const end = clientFrame({ opcode: continuation })
    expect(scan([begin, more, end])).toMatchObject({ token: undefined, messages: 1 })
    const another = clientFrame({ opcode: continuation, fin: false })
    expect(scan([begin, more, another, end])).toMatchObject({ token: 'message-too-big' })
  })
})

describe('what goes through', () => {
  test.each([
    ['no code', '', { code: 1005, reason: '' }],
    ['a code', closePayload(1000), { code: 1000, reason: '' }],
    ['a code and a reason', closePayload(4001, 'grüß'), { code: 4001, reason: 'grüß' }],
    [
      'a reason of 123 bytes',
      closePayload(1011, 'r'.repeat(123)),
      { code: 1011, reason: 'r'.repeat(123) },
    ],
  ])('a Close with %s is recorded and passed as it came', (_, payload, expected) => {
    const whole = clientFrame({ opcode: close, payload })
    expect(scan([whole])).toMatchObject({ close: expected, passed: whole.toString('hex') })
  })

  test('nothing after a Close', () => {
    const whole = clientFrame({ opcode: close, payload: closePayload(1000) })
    const later = clientFrame({ payload: 'late' })
    const result = scan([Buffer.concat([whole, later]), later, bytes('ffff')])
    expect(result).toMatchObject({ passed: whole.toString('hex'), messages: 0, token: undefined })
  })

  test('the frames of one read are one run', () => {
    const whole = Buffer.concat([
      clientFrame({ opcode: text, payload: 'a' }),
      clientFrame({ opcode: ping, payload: 'b' }),
      clientFrame({ fin: false, payload: Buffer.alloc(70_000) }),
      clientFrame({ opcode: pong }),
      clientFrame({ opcode: continuation, payload: 'c' }),
    ])
    expect(scan([whole])).toMatchObject({
      passed: whole.toString('hex'),
      runs: 1,
      messages: 2,
      bytes: 70_002,
    })
  })

  test('nothing of a frame before its header is whole', () => {
    const whole = clientFrame({ payload: Buffer.alloc(300, 1) })
    for (let at = 1; at < 8; at++) expect(scan([whole.subarray(0, at)]).passed).toBe('')
    expect(scan([whole.subarray(0, 8)]).passed).toBe(whole.toString('hex', 0, 8))
  })

  test('nothing of a control frame before it is whole', () => {
    const whole = clientFrame({ opcode: ping, payload: 'payload' })
    expect(scan([whole.subarray(0, whole.length - 1)])).toMatchObject({ passed: '', controls: [] })
  })
})

describe('boundaries', () => {
  const rules = { from: 'upstream', deflate: false, maxMessageBytes: Infinity } as const
  const start = (): {
    scanner: FrameScanner
    passed: () => string
    feed: (data: Buffer) => void
  } => {
    const passed: Buffer[] = []
    const handler = {
      pass: (data: Buffer, from: number, to: number) => passed.push(data.subarray(from, to)),
      control: () => true,
    }
    const scanner = new FrameScanner(rules, handler, { messages: 0, bytes: 0 })
    return {
      scanner,
      passed: () => Buffer.concat(passed).toString('hex'),
      feed: (data) => scanner.scan(data, 0, data.length),
    }
  }
  const first = frame({ fin: false, payload: 'ab' })
  const second = frame({ opcode: continuation, payload: 'cd' })
  const third = frame({ payload: 'ef' })
  const all = Buffer.concat([first, second, third])

  test('a header that is not whole is no frame yet', () => {
    const { scanner, feed } = start()
    feed(frame({ payload: Buffer.alloc(200) }).subarray(0, 3))
    expect([scanner.atBoundary, scanner.betweenMessages]).toEqual([true, true])
  })

  test('a payload in progress is inside, a fragment ends between frames', () => {
    const { scanner, feed } = start()
    feed(first.subarray(0, 3))
    expect([scanner.atBoundary, scanner.betweenMessages]).toEqual([false, false])
    feed(first.subarray(3))
    expect([scanner.atBoundary, scanner.betweenMessages]).toEqual([true, false])
    feed(second)
    expect([scanner.atBoundary, scanner.betweenMessages]).toEqual([true, true])
  })

  test.each([
    ['frame', Buffer.concat([first])],
    ['message', Buffer.concat([first, second])],
  ] as const)('stops at the next end of a %s inside a read', (at, expected) => {
    const { scanner, passed, feed } = start()
    feed(all.subarray(0, 3))
    scanner.stop(at)
    expect(scanner.stopped).toBe(false)
    feed(all.subarray(3))
    expect([scanner.stopped, passed()]).toEqual([true, expected.toString('hex')])
  })

  test('stops at once where it stands at one', () => {
    const { scanner, passed, feed } = start()
    feed(Buffer.concat([third, third.subarray(0, 1)]))
    scanner.stop('message')
    expect(scanner.stopped).toBe(true)
    feed(third.subarray(1))
    expect(passed()).toBe(third.toString('hex'))
  })

  test('a wait for the end of a message can be shortened to that of a frame', () => {
    const { scanner, feed } = start()
    feed(first)
    scanner.stop('message')
    expect(scanner.stopped).toBe(false)
    scanner.stop('frame')
    expect(scanner.stopped).toBe(true)
  })

  test('a Close among what is discarded is seen, and not passed', () => {
    const { scanner, passed, feed } = start()
    feed(first.subarray(0, 3))
    scanner.stop('frame')
    feed(Buffer.concat([first.subarray(3), second, frame({ opcode: close })]))
    expect([scanner.closeSeen, scanner.close, passed()]).toEqual([
      true,
      undefined,
      first.toString('hex'),
    ])
  })

  test('a Close behind a message over the limit is seen', () => {
    const big = new FrameScanner(
      { from: 'client', deflate: false, maxMessageBytes: 10 },
      { pass: () => undefined, control: () => true },
      { messages: 0, bytes: 0 },
    )
    const whole = clientFrame({ payload: Buffer.alloc(50, 0x88) })
    expect(() => big.scan(whole, 0, 9)).toThrow(GatewayError)
    big.scan(whole, 9, whole.length)
    expect(big.closeSeen).toBe(false)
    const end = clientFrame({ opcode: close })
    big.scan(end, 0, end.length)
    expect(big.closeSeen).toBe(true)
  })
})

test('a control frame can be taken out', () => {
  const passed: Buffer[] = []
  const scanner = new FrameScanner(
    { from: 'client', deflate: false, maxMessageBytes: Infinity },
    {
      pass: (data, from, to) => passed.push(data.subarray(from, to)),
      control: (opcode) => opcode !== pong,
    },
    { messages: 0, bytes: 0 },
  )
  const [a, b, c] = [
    clientFrame({ payload: 'a' }),
    clientFrame({ opcode: pong, payload: 'b' }),
    clientFrame({ opcode: ping }),
  ]
  const whole = Buffer.concat([a, b, c, b])
  scanner.scan(whole, 0, whole.length)
  expect(Buffer.concat(passed)).toEqual(Buffer.concat([a, c]))
})

describe('cutting the input at any byte changes nothing', () => {
  const payload = fc.oneof(
    fc.uint8Array({ maxLength: 140 }),
    fc.constantFrom(125, 126, 65_535, 65_536).map((length) => Buffer.alloc(length, 0x88)),
  )
  const opcode = fc.constantFrom(0, 0, 1, 2, 8, 9, 10)
  const anyFrame = fc
    .record({ opcode, fin: fc.boolean(), rsv: fc.constantFrom(0, 0, 0, 0, 0x40), payload })
    .map((parts) => clientFrame(parts))
  /** Rules kept: a message in one to three fragments, with pings between. */
  const message = fc.array(payload, { minLength: 1, maxLength: 3 }).map((payloads) =>
    Buffer.concat(
      payloads.flatMap((payload, i) => [
        clientFrame({
          opcode: i === 0 ? text : continuation,
          fin: i === payloads.length - 1,
          payload,
        }),
        clientFrame({ opcode: ping, payload: 'between' }),
      ]),
    ),
  )
  const stream = fc
    .tuple(
      fc.array(message, { maxLength: 4 }),
      fc.array(fc.oneof(anyFrame, fc.uint8Array()), { maxLength: 3 }),
    )
    .map(([good, more]) => Buffer.concat([...good, ...more]))

  test('of passed bytes, counts and outcome', () => {
    const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 30 })
    const limit = fc.constantFrom(Infinity, 200, 70_000)
    fc.assert(
      fc.property(stream, cuts, limit, fc.boolean(), (whole, cuts, maxMessageBytes, deflate) => {
        const rules = { maxMessageBytes, deflate }
        const inOne = scan([Buffer.from(whole)], rules)
        const inPieces = scan(cut(whole, cuts), rules)
        expect({ ...inPieces, runs: 0 }).toEqual({ ...inOne, runs: 0 })
      }),
      { numRuns: 300 },
    )
  })

  test('of a fixed stream at every single place', () => {
    const whole = Buffer.concat([
      clientFrame({ opcode: text, fin: false, payload: Buffer.alloc(130, 1) }),
      clientFrame({ opcode: ping, payload: 'p' }),
      clientFrame({ opcode: continuation, payload: 'rest' }),
      clientFrame({ opcode: close, payload: closePayload(1000, 'bye') }),
    ])
    const inOne = scan([whole])
    expect(inOne.close).toEqual({ code: 1000, reason: 'bye' })
    for (let at = 1; at < whole.length; at++) {
      expect({ ...scan(cut(whole, [at])), runs: 1 }).toEqual(inOne)
    }
  })
})
