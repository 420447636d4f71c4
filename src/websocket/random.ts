import { randomFillSync } from 'node:crypto'

/** Filled at once for many keys: asking for the bytes of each costs more than what they are for. */
const pool = Buffer.alloc(4096)
let used = pool.length

/**
 * Puts unpredictable bytes at `target[at]`, none of which is ever given to anybody else: for masking
 * keys, which must be fresh (RFC 6455 section 5.3).
 * @param count 4096 at most
 */
export function putRandom(target: Uint8Array, at: number, count: number): void {
  const from = take(count)
  for (let i = 0; i < count; i++) target[at + i] = pool[from + i]!
}

/** As many such bytes in base64. */
export function randomBase64(count: number): string {
  const from = take(count)
  return pool.toString('base64', from, from + count)
}

function take(count: number): number {
  if (used + count > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += count
  return used - count
}
