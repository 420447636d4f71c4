import type { Socket } from 'node:net'

/** More than one read brings. */
const stageBytes = 262_144

/**
 * A buffer that answers are made in and written from, without an allocation for each: when `write`
 * returns and the socket has nothing left to write, the kernel has taken all of it.
 */
class Stage {
  bytes = Buffer.allocUnsafeSlow(stageBytes)
  /** The same memory. */
  words = new Uint32Array(this.bytes.buffer)

  write(socket: Socket, to: number): void {
    socket.write(this.bytes.subarray(0, to))
    // Else the socket still needs these bytes, and we others.
    if (socket.writableLength > 0) {
      this.bytes = Buffer.allocUnsafeSlow(stageBytes)
      this.words = new Uint32Array(this.bytes.buffer)
    }
  }
}

export const stage = new Stage()
