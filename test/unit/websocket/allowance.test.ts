import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import type { Allowance, Overdrawn } from '../../../src/websocket/allowance.ts'
import { Opcode } from '../../../src/websocket/opcode.ts'
import { FrameScanner } from '../../../src/websocket/scanner.ts'
import { clientFrame } from '../../support/frames.ts'
import { cut } from './scan.ts'

const { continuation, ping, text } = Opcode

/** Follows a client's frames under an allowance that answers as it is told to. */
function follow(allowed: Partial<Allowance>, verdict: Overdrawn | 'throw') {
  const passed: Buffer[] = []
  const asked: string[] = []
  const answer = (question: string): Overdrawn => {
    asked.push(question)
    if (verdict === 'throw') throw new GatewayError('rate-exceeded', question)
    if (verdict !== 'wait') allowance.messages = allowance.bytes = Infinity
    return verdict
  }
  const allowance: Allowance = {
    messages: Infinity,
    bytes: Infinity,
    outOfMessages: () => answer('messages'),
    outOfBytes: (inside) => answer(inside ? 'bytes inside' : 'bytes'),
    ...allowed,
  }
  const tally = { messages: 0, bytes: 0 }
  const scanner = new FrameScanner(
    { from: 'client', deflate: false, maxMessageBytes: Infinity },
    {
      pass: (bytes, from, to) => passed.push(Buffer.from(bytes.subarray(from, to))),
      control: () => true,
    },
    tally,
    allowance,
  )
  return { scanner, allowance, asked, tally, passed: () => Buffer.concat(passed) }
}

const one = clientFrame({ opcode: text, payload: 'one' })
const two = clientFrame({ payload: 'two!' })

describe('an allowance that is to be waited for', () => {
  test('of messages stops the scan before the message, and control frames pass', () => {
    const { scanner, passed, allowance } = follow({ messages: 1 }, 'wait')
    const pinged = clientFrame({ opcode: ping })
    const whole = Buffer.concat([one, pinged, two])
    expect(scanner.scan(whole, 0, whole.length)).toBe(one.length + pinged.length)
    expect(passed()).toEqual(Buffer.concat([one, pinged]))
    expect(scanner.atBoundary).toBe(true)
    allowance.messages = 1
    scanner.scan(whole, one.length + pinged.length, whole.length)
    expect(passed()).toEqual(whole)
  })

  test('is not asked for the fragments of a message that has begun', () => {
    const { scanner, passed, asked } = follow({ messages: 1 }, 'wait')
    const whole = Buffer.concat([
      clientFrame({ fin: false, payload: 'a' }),
      clientFrame({ opcode: continuation, payload: 'b' }),
    ])
    expect(scanner.scan(whole, 0, whole.length)).toBe(whole.length)
    expect(passed()).toEqual(whole)
    expect(asked).toEqual([])
  })

  test('of bytes stops the scan inside the payload', () => {
    const { scanner, passed, allowance, tally } = follow({ bytes: 2.9 }, 'wait')
    expect(scanner.scan(one, 0, one.length)).toBe(one.length - 1)
    expect(passed()).toEqual(one.subarray(0, -1))
    expect(tally).toEqual({ messages: 0, bytes: 2 })
    allowance.bytes = 1
    expect(scanner.scan(one, one.length - 1, one.length)).toBe(one.length)
    expect(tally).toEqual({ messages: 1, bytes: 3 })
  })

  test('lets what is exactly enough and empty frames pass', () => {
    const { scanner, asked } = follow({ bytes: 3 }, 'wait')
    const whole = Buffer.concat([one, clientFrame({ payload: '' })])
    expect(scanner.scan(whole, 0, whole.length)).toBe(whole.length)
    expect(asked).toEqual([])
  })

  test('is forgotten by a stop, behind which everything is discarded', () => {
    const { scanner, passed } = follow({ messages: 0 }, 'wait')
    expect(scanner.scan(one, 0, one.length)).toBe(0)
    scanner.stop('message')
    expect(scanner.scan(one, 0, one.length)).toBe(one.length)
    expect(passed()).toHaveLength(0)
  })
})

describe('an allowance that refuses', () => {
  test.each([
    ['messages', { messages: 1 }],
    ['bytes', { bytes: 3 }],
  ])('%s passes nothing of the frame, and what was before it', (question, allowed) => {
    const { scanner, passed, asked } = follow(allowed, 'throw')
    const whole = Buffer.concat([one, two])
    expect(() => scanner.scan(whole, 0, whole.length)).toThrow(
      expect.objectContaining({ token: 'rate-exceeded' }),
    )
    expect(asked).toEqual([question])
    expect(passed()).toEqual(one)
    expect(scanner.stopped).toBe(true)
  })

  test('a frame whose header came in pieces', () => {
    const { scanner, passed } = follow({ bytes: 0 }, 'throw')
    scanner.scan(one, 0, 3)
    expect(() => scanner.scan(one, 3, one.length)).toThrow()
    expect(passed()).toHaveLength(0)
  })
})

test('an allowance that ends inside a frame lets it finish, and stops', () => {
  const { scanner, passed, asked } = follow({ bytes: 2 }, 'finish')
  const whole = Buffer.concat([one, two])
  scanner.scan(whole, 0, whole.length)
  expect(asked).toEqual(['bytes inside'])
  expect(passed()).toEqual(one)
  expect(scanner.stopped).toBe(true)
})

test('an allowance that lets go lets everything pass', () => {
  const { scanner, passed } = follow({ messages: 1, bytes: 1 }, 'go')
  const whole = Buffer.concat([one, two, one])
  scanner.scan(whole, 0, whole.length)
  expect(passed()).toEqual(whole)
})

test('however input and allowance are cut, the same bytes pass', () => {
  const part = fc.record({ fin: fc.boolean(), payload: fc.string({ maxLength: 200 }) })
  const grant = fc.record({ messages: fc.nat({ max: 3 }), bytes: fc.nat({ max: 60 }) })
  const grants = fc.array(grant, { minLength: 1 })
  fc.assert(
    fc.property(fc.array(part), fc.array(fc.nat(1000)), grants, (parts, places, given) => {
      let inside = false
      const frames = parts.map(({ fin, payload }) => {
        const opcode = inside ? continuation : text
        inside = !fin
        return clientFrame({ opcode, fin, payload })
      })
      const whole = Buffer.concat(frames)
      const { scanner, passed, allowance } = follow({ messages: 0, bytes: 0 }, 'wait')
      let turns = 0
      for (const chunk of cut(whole, places)) {
        let at = 0
        while ((at = scanner.scan(chunk, at, chunk.length)) < chunk.length) {
          const { messages, bytes } = given[turns++ % given.length]!
          allowance.messages += messages + 1
          allowance.bytes += bytes + 1
        }
      }
      expect(passed()).toEqual(whole)
    }),
  )
})
