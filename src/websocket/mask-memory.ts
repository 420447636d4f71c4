import { applyMask, maskWord } from './mask.ts'

/**
 * A WebAssembly module with a memory of two pages, which never grows, and one function: it XORs 64
 * bytes a turn with a word, in four vectors of 16, from `at` until `end` is reached. JavaScript has
 * no other way to a vector instruction.
 */
const program = [
  '0061736d 01000000',
  '01 07 01 60 03 7f7f7f 00', // (at, end, word) => nothing
  '03 02 01 00',
  '05 03 01 00 02',
  '07 11 02 06 6d656d6f7279 02 00', // memory
  '04 6d61736b 00 00', // mask
  '0a 5c 01 5a 01 01 7b',
  '2002 fd11 2103', // the word, four times
  '0340',
  xorVector('00'),
  xorVector('10'),
  xorVector('20'),
  xorVector('30'),
  '2000 41c000 6a 2200', // at += 64
  '2001 49 0d00', // again while at < end
  '0b 0b',
]
const turnBytes = 64
const memoryBytes = 2 * 65_536
/** Below, a call into the module costs more than it gains. */
const worthwhileBytes = 4096

function xorVector(offset: string): string {
  return `2000 2000 fd0004${offset} 2003 fd51 fd0b04${offset}`
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
    // WebAssembly has little-endian words on every machine; ours are the machine's.
    if (maskWord(0x01020304, 0) !== 0x04030201) return undefined
    try {
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- where it is not so, that is caught
      const { Module, Instance } = Reflect.get(globalThis, 'WebAssembly') as WebAssembly
      const bytes = Buffer.from(program.join('').replaceAll(' ', ''), 'hex')
      const { memory, mask } = new Instance(new Module(bytes)).exports
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
