import { expect, test } from 'vitest'
import { AnswerReader } from '../../../bench/load/answer-reader.ts'
import { MessageRing } from '../../../bench/load/message-ring.ts'
import { frame } from '../../support/frames.ts'

const payloadBytes = 300
const ring = new MessageRing(payloadBytes, 4)

function payload(from: number, to: number): Buffer {
  return ring.expected.subarray(from, to)
}

/** Unmasked frames, as a server sends them. */
function answers(...payloads: readonly Buffer[]): Buffer {
  return Buffer.concat(payloads.map((one) => frame({ payload: one })))
}

function readAll(bytes: Buffer, step: number): number {
  const reader = new AnswerReader(ring)
  let complete = 0
  for (let at = 0; at < bytes.length; at += step) {
    complete += reader.read(bytes, at, Math.min(at + step, bytes.length))
  }
  return complete
}

test.each([1, 2, 7, 299, 304, 10_000])('counts messages in reads of %i bytes', (step) => {
  const three = answers(payload(0, 300), payload(300, 600), payload(600, 900))
  expect(readAll(three, step)).toBe(3)
})

test('counts messages however a bridge cuts them into frames', () => {
  const cut = answers(payload(0, 100), payload(100, 550), payload(550, 600))
  expect(readAll(cut, 64)).toBe(2)
})

test('goes round: the first message follows the last', () => {
  const { length } = ring.expected
  expect(readAll(answers(payload(0, length), payload(0, 300)), 1_000)).toBe(17)
})

test('looks past control frames', () => {
  const ping = Buffer.from('89026869', 'hex')
  expect(readAll(Buffer.concat([ping, answers(payload(0, 300)), ping]), 5)).toBe(1)
})

test.each([
  ['a byte that is different', () => Buffer.from(payload(0, 300)).fill(0, 299), 300],
  ['a message that is missing', () => payload(300, 600), 300],
])('refuses %s', (_name, other, step) => {
  const bytes = Buffer.from(other())
  // Random bytes may be 0 too.
  if (bytes.equals(payload(0, 300))) bytes[299] = 1
  expect(() => readAll(answers(bytes), step)).toThrow('other bytes')
})

test('refuses a Close', () => {
  expect(() => readAll(Buffer.from('880203e8', 'hex'), 4)).toThrow('closed')
})

test('a run of frames is masked, and goes on with the first behind the last', () => {
  const run = ring.run(15, 2)
  const header = 8
  expect(run.length).toBe(2 * (header + payloadBytes))
  const unmask = (at: number): Buffer => {
    const mask = run.subarray(at + 4, at + header)
    return Buffer.from(
      run.subarray(at + header, at + header + payloadBytes).map((byte, i) => byte ^ mask[i & 3]!),
    )
  }
  expect(unmask(0).equals(payload(15 * 300, 16 * 300))).toBe(true)
  expect(unmask(header + payloadBytes).equals(payload(0, 300))).toBe(true)
})
