import type { Socket } from 'node:net'
import { writeRaw } from '../raw-socket.ts'

/** More than one read brings. */
const stageBytes = 262_144

class Memory {
  readonly bytes = Buffer.allocUnsafeSlow(stageBytes)
  readonly words = new Uint32Array(this.bytes.buffer)
}

/**
 * A buffer that answers are made in and written from, without an allocation for each. One that the
 * kernel has not taken at once is put aside until it has.
 */
class Stage {
  #memory = new Memory()
  readonly #free: Memory[] = []

  get bytes(): Buffer {
    return this.#memory.bytes
  }

  /** The same memory. */
  get words(): Uint32Array {
    return this.#memory.words
  }

  write(socket: Socket, to: number): void {
    const memory = this.#memory
    const isFree = writeRaw(socket, memory.bytes.subarray(0, to), () => this.#free.push(memory))
    if (!isFree) this.#memory = this.#free.pop() ?? new Memory()
  }
}

export const stage = new Stage()
