import { expect, test } from 'vitest'
import { CloseFinder } from '../../../src/websocket/close-finder.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'

const frames = Buffer.concat([
  clientFrame({ payload: 'ab' }),
  frame({ opcode: 0x3, rsv: 0x70, payload: Buffer.alloc(300, 0x88) }),
  clientFrame({ opcode: 0x9, fin: false, payload: Buffer.alloc(125, 0x88) }),
  frame({ payload: Buffer.alloc(70_000, 0x88) }),
])
const close = clientFrame({ opcode: 0x8, payload: closePayload(1000) })

test('finds a Close behind frames that break rules, and not in their payloads', () => {
  const finder = new CloseFinder()
  finder.scan(frames, 0, frames.length)
  expect(finder.found).toBe(false)
  finder.scan(close, 0, close.length)
  expect(finder.found).toBe(true)
})

test('finds it byte by byte', () => {
  const finder = new CloseFinder()
  for (const byte of Buffer.concat([frames, close])) finder.scan(Buffer.from([byte]), 0, 1)
  expect(finder.found).toBe(true)
})

test('skips the rest of a payload in progress', () => {
  const finder = new CloseFinder(3)
  finder.scan(Buffer.concat([Buffer.from([0x88, 0x80, 0]), frames]), 0, 3 + frames.length)
  expect(finder.found).toBe(false)
})
