import { applyMask, maskWord } from './mask.ts'

/**
 * A WebAssembly module with a memory of two pages, which never grows, and one function: it XORs 64
 * bytes a turn with a word, in four vectors of 16, from `at` until `end` is reached. JavaScript has
 * no other way to a vector instruction.
 */
const program = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x01, 0x07, 0x01, 0x60, 0x03, 0x7f, 0x7f, 0x7f, 0x00], // (at, end, word) => nothing
  ...[0x03, 0x02, 0x01, 0x00],
  ...[0x05, 0x03, 0x01, 0x00, 0x02],
  ...[0x07, 0x11, 0x02, 0x06, 0x6d, 0x65, 0x6d, 0x6f, 0x72, 0x79, 0x02, 0x00], // memory
  ...[0x04, 0x6d, 0x61, 0x73, 0x6b, 0x00, 0x00], // mask
  ...[0x0a, 0x5c, 0x01, 0x5a, 0x01, 0x01, 0x7b],
  ...[0x20, 0x02, 0xfd, 0x11, 0x21, 0x03], // the word, four times
  ...[0x03, 0x40],
  ...xorVector(0),
  ...xorVector(16),
  ...xorVector(32),
  ...xorVector(48),
  ...[0x20, 0x00, 0x41, 0xc0, 0x00, 0x6a, 0x22, 0x00], // at += 64
  ...[0x20, 0x01, 0x49, 0x0d, 0x00], // again while at < end
  ...[0x0b, 0x0b],
])
const turnBytes = 64
const memoryBytes = 2 * 65_536
/** Below, a call into the module costs more than it gains. */
const worthwhileBytes = 4096

function xorVector(offset: number): number[] {
  const load = [0x20, 0x00, 0x20, 0x00, 0xfd, 0x00, 0x04, offset]
  return [...load, 0x20, 0x03, 0xfd, 0x51, 0xfd, 0x0b, 0x04, offset]
}

type Mask = (at: number, end: number, word: number) => void

/** What is used of WebAssembly: its types come with those of browsers only. */
interface WebAssembly {
  readonly Module: new (program: Uint8Array) => object
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer }; readonly mask: Mask }
  }
}

/** Memory in which a masking key is applied some ten times as fast as elsewhere: see bench/mask.ts. */
export class MaskMemory {
  readonly bytes: Buffer
  readonly #mask: Mask

  private constructor(bytes: Buffer, mask: Mask) {
    this.bytes = bytes
    this.#mask = mask
  }

  /** @returns undefined where WebAssembly or its vectors are not to be had */
  static create(): MaskMemory | undefined {
    try {
      const { Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssembly
      const { memory, mask } = new Instance(new Module(program)).exports
      return new MaskMemory(Buffer.from(memory.buffer, 0, memoryBytes), mask)
    } catch {
      // As with --jitless: it is then done word by word.
      return undefined
    }
  }

  /** As `applyMask`, for bytes in this memory or anywhere. */
  apply(bytes: Buffer, from: number, to: number, key: number, offset: number): void {
    if (to - from < worthwhileBytes || bytes.buffer !== this.bytes.buffer) {
      applyMask(bytes, from, to, key, offset)
      return
    }
    const count = (to - from) & -turnBytes
    const at = bytes.byteOffset + from
    this.#mask(at, at + count, maskWord(key, offset & 3))
    if (from + count < to) applyMask(bytes, from + count, to, key, offset)
  }
}
