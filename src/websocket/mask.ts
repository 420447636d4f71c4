const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1

/** How a masking key is applied: as `applyMask` does it. */
export type ApplyMask = (
  bytes: Buffer,
  from: number,
  to: number,
  key: number,
  offset: number,
) => void

/** Shorter runs are done byte by byte: a view costs more than it gains. */
const wideFrom = 48

/**
 * Applies a masking key to `bytes[from, to)` in place (RFC 6455 section 5.3); applying it twice
 * restores them.
 * @param key the four bytes as they stand in the header, read as one big-endian number
 * @param offset how many bytes of the payload came before `from`
 */
export function applyMask(
  bytes: Uint8Array,
  from: number,
  to: number,
  key: number,
  offset: number,
): void {
  let at = from
  let phase = offset & 3
  if (to - from >= wideFrom) {
    for (; ((bytes.byteOffset + at) & 3) !== 0; at++) {
      bytes[at] = bytes[at]! ^ keyByte(key, phase)
      phase = (phase + 1) & 3
    }
    const count = (to - at) >> 2
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, count)
    const word = maskWord(key, phase)
    for (let i = 0; i < count; i++) words[i] = words[i]! ^ word
    at += count * 4
  }
  for (; at < to; at++) {
    bytes[at] = bytes[at]! ^ keyByte(key, phase)
    phase = (phase + 1) & 3
  }
}

/** The key's byte for a position, 0 to 3. */
export function keyByte(key: number, phase: number): number {
  return (key >>> (24 - phase * 8)) & 0xff
}

/** The key as one machine word that begins with the byte of `phase`, 0 to 3. */
export function maskWord(key: number, phase: number): number {
  const turned = phase === 0 ? key : (key << (phase * 8)) | (key >>> (32 - phase * 8))
  if (!littleEndian) return turned
  return (
    (turned << 24) | ((turned & 0xff00) << 8) | ((turned >>> 8) & 0xff00) | ((turned >>> 24) & 0xff)
  )
}
