import { applyMask } from '../src/websocket/mask.ts'
import type { ApplyMask } from '../src/websocket/mask.ts'
import { MaskMemory } from '../src/websocket/mask-memory.ts'

// What MaskMemory gains: nanoseconds per call, word by word and by vectors.
const memory = MaskMemory.create()
if (memory === undefined) throw new Error('no WebAssembly here')
const ways: Record<string, ApplyMask> = {
  words: applyMask,
  vectors: memory.apply.bind(memory),
}
for (const size of [1024, 4096, 16_384, 65_536]) {
  for (const [name, mask] of Object.entries(ways)) {
    let best = Infinity
    for (let round = 0; round < 5; round++) {
      const calls = Math.ceil(1e9 / size / 8)
      const start = process.hrtime.bigint()
      for (let i = 0; i < calls; i++) mask(memory.bytes, 16, 16 + size, 0x12345678, i)
      best = Math.min(best, Number(process.hrtime.bigint() - start) / calls)
    }
    console.log(`${size} bytes, ${name}: ${Math.round(best)} ns`)
  }
}
