import { describe, expect, test } from 'vitest'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, closePayload } from '../../support/frames.ts'
import { cut, everyByte, scan } from './scan.ts'

// What the cases 1 to 5, 7 and 10 of the Autobahn|Testsuite check, of a gateway that passes frames
// on: they come through as they are, or end as a protocol error. Its cases 6 (UTF-8 of text)
// concern who reads the text: see tcp-bridge.test.ts.

const { binary, close, continuation, ping, pong, text } = Opcode
const sized = (opcode: Opcode, size: number): Buffer =>
  clientFrame({ opcode, payload: Buffer.alloc(size, '*') })
const begin = (payload: string, opcode: Opcode = text): Buffer =>
  clientFrame({ opcode, fin: false, payload })
const middle = (payload: string): Buffer =>
  clientFrame({ opcode: continuation, fin: false, payload })
const last = (payload: string): Buffer => clientFrame({ opcode: continuation, payload })
const closing = (payload: Uint8Array | string = ''): Buffer =>
  clientFrame({ opcode: close, payload })

/** Frames that all pass, and how many messages they are. */
const passes: [string, Buffer[], number][] = [
  ...[0, 125, 126, 127, 128, 65_535, 65_536].flatMap((size): [string, Buffer[], number][] => [
    [`1.1 text of ${size}`, [sized(text, size)], 1],
    [`1.2 binary of ${size}`, [sized(binary, size)], 1],
  ]),
  ['2.1 ping without payload', [sized(ping, 0)], 0],
  ['2.2 ping with text', [clientFrame({ opcode: ping, payload: 'Hello, world!' })], 0],
  [
    '2.3 ping with bytes that are no UTF-8',
    [clientFrame({ opcode: ping, payload: Buffer.from('00fffefdfcfb00ff', 'hex') })],
    0,
  ],
  ['2.4 ping of 125', [sized(ping, 125)], 0],
  ['2.7 pong unasked', [sized(pong, 0)], 0],
  ['2.8 pong unasked with payload', [sized(pong, 20)], 0],
  [
    '2.10 ten pings',
    Array.from({ length: 10 }, (_, i) => clientFrame({ opcode: ping, payload: `${i}` })),
    0,
  ],
  ['5.3 text in two fragments', [begin('fragment1'), last('fragment2')], 1],
  ['5.6 a ping between fragments', [begin('a'), sized(ping, 9), last('b')], 1],
  [
    '5.19 fragments with pings between',
    [begin('1'), middle('2'), sized(ping, 1), middle('3'), middle('4'), sized(ping, 1), last('5')],
    1,
  ],
  ['6.1.2 three empty fragments', [begin(''), middle(''), last('')], 1],
  ['6.1.3 empty fragments around one', [begin(''), middle('middle'), last('')], 1],
  ['10.1.1 65,536 in fragments of 1,300', fragments(65_536, 1_300), 1],
]

/** Frames of which only those before the last pass. */
const fails: [string, Buffer[]][] = [
  ['2.5 ping of 126', [sized(ping, 126)]],
  ...[0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70].map((rsv): [string, Buffer[]] => [
    `3 reserved bits ${rsv >> 4}`,
    [sized(text, 5), clientFrame({ opcode: text, rsv, payload: 'x' })],
  ]),
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, Buffer[]] => [
    `4 opcode ${opcode}`,
    [sized(text, 5), clientFrame({ opcode })],
  ]),
  ['5.1 a fragmented ping', [clientFrame({ opcode: ping, fin: false })]],
  ['5.2 a fragmented pong', [clientFrame({ opcode: pong, fin: false })]],
  ['5.9 a continuation of nothing', [last('x')]],
  ['5.10 a continuation of nothing, without FIN', [middle('x')]],
  ['5.15 a continuation behind a whole message', [begin('1'), last('2'), middle('3')]],
  ['5.18 a second message inside the first', [begin('1'), begin('2')]],
  ['7.3.2 a Close of one byte', [closing('x')]],
  ['7.3.6 a Close of 126 bytes', [closing(Buffer.alloc(126, 'x'))]],
  [
    '7.5.1 a reason that is no UTF-8',
    [closing(Buffer.from('03e8cebae1bdb9cf83cebcceb5eda080656469746564', 'hex'))],
  ],
  ...[0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): [string, Buffer[]] => [`7.9 close code ${code}`, [closing(closePayload(code))]],
  ),
]

const closes: [string, Buffer[], number, string][] = [
  ['7.1.1 a message and a Close', [sized(text, 3), closing()], 1005, ''],
  ['7.1.2 two Closes', [closing(), closing()], 1005, ''],
  ['7.1.3 a ping behind a Close', [closing(), sized(ping, 0)], 1005, ''],
  ['7.1.4 text behind a Close', [closing(), sized(text, 3)], 1005, ''],
  ['7.1.5 a Close inside a message', [begin('a'), closing(), last('b')], 1005, ''],
  ['7.3.1 an empty Close', [closing()], 1005, ''],
  ['7.3.3 a code', [closing(closePayload(1000))], 1000, ''],
  ['7.3.4 a reason', [closing(closePayload(1000, 'Hello World!'))], 1000, 'Hello World!'],
  [
    '7.3.5 a reason of 123 bytes',
    [closing(closePayload(1000, '*'.repeat(123)))],
    1000,
    '*'.repeat(123),
  ],
  ...[
    1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
  ].map((code): [string, Buffer[], number, string] => [
    `7.7 close code ${code}`,
    [closing(closePayload(code))],
    code,
    '',
  ]),
]

const cuts: [string, (whole: Buffer) => Buffer[]][] = [
  ['in one', (whole) => [Buffer.from(whole)]],
  ['by 997 bytes', (whole) => cut(whole, multiples(997, whole.length))],
  [
    'byte by byte',
    (whole) => (whole.length > 10_000 ? cut(whole, multiples(13, whole.length)) : everyByte(whole)),
  ],
]

describe.each(cuts)('%s', (_, pieces) => {
  test.each(passes)('%s', (_, frames, messages) => {
    const whole = Buffer.concat(frames)
    const passed = whole.toString('hex')
    expect(scan(pieces(whole))).toMatchObject({ passed, messages, token: undefined })
  })

  test.each(fails)('%s', (_, frames) => {
    const passed = Buffer.concat(frames.slice(0, -1)).toString('hex')
    expect(scan(pieces(Buffer.concat(frames)))).toMatchObject({ passed, token: 'frame-invalid' })
  })

  test.each(closes)('%s', (_, frames, code, reason) => {
    const result = scan(pieces(Buffer.concat(frames)))
    expect(result).toMatchObject({ token: undefined, close: { code, reason } })
    const upToClose = frames.slice(0, frames.findIndex((frame) => (frame[0]! & 15) === close) + 1)
    expect(result.passed).toBe(Buffer.concat(upToClose).toString('hex'))
  })
})

function fragments(size: number, each: number): Buffer[] {
  return Array.from({ length: Math.ceil(size / each) }, (_, i) =>
    clientFrame({
      opcode: i === 0 ? text : continuation,
      fin: (i + 1) * each >= size,
      payload: Buffer.alloc(Math.min(each, size - i * each), '*'),
    }),
  )
}

function multiples(step: number, end: number): number[] {
  return Array.from({ length: Math.floor((end - 1) / step) }, (_, i) => (i + 1) * step)
}
