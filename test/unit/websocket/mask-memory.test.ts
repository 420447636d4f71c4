import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { applyMask } from '../../../src/websocket/mask.ts'
import { MaskMemory } from '../../../src/websocket/mask-memory.ts'

const memory = MaskMemory.create()!

/** Whether the memory, masked, is what other memory becomes, to the last byte on either side. */
function expectSame(from: number, to: number, key: number, offset: number): void {
  const data = randomBytes(memory.bytes.length)
  memory.bytes.set(data)
  memory.apply(memory.bytes, from, to, key, offset)
  applyMask(data, from, to, key, offset)
  expect(memory.bytes.equals(data), `${from} ${to} ${key} ${offset}`).toBe(true)
}

test('does at any place, length and offset what is done elsewhere', () => {
  for (const from of [0, 1, 15, 16, 17, 63]) {
    for (const count of [0, 1, 255, 4095, 4096, 4097, 4159, 4160, 65_536, 65_552]) {
      for (const offset of [0, 1, 2, 3, 65_537]) {
        expectSame(from, from + count, 0x12345678 + from * 0x01010101, offset)
      }
    }
  }
  expectSame(0, memory.bytes.length, 0xfedcba98, 0)
})

test('takes views of its memory, and bytes of other memory', () => {
  const view = memory.bytes.subarray(1000, 60_000)
  const other = Buffer.alloc(59_000)
  view.fill(0)
  memory.apply(view, 7, 50_000, 0xdeadbeef, 2)
  memory.apply(other, 7, 50_000, 0xdeadbeef, 2)
  expect(view.equals(other)).toBe(true)
  expect(other[6]).toBe(0)
  expect(other.readUInt32BE(7)).toBe(0xbeefdead)
})

test('is not there where WebAssembly is not', () => {
  vi.stubGlobal('WebAssembly', undefined)
  try {
    expect(MaskMemory.create()).toBeUndefined()
  } finally {
    vi.unstubAllGlobals()
  }
})
