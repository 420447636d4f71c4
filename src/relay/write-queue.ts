import type { Duplex } from 'node:stream'

/** What is read of a handle: libuv's live count of bytes the kernel has not taken, and on TLS the handle below. */
interface Handle {
  readonly writeQueueSize?: unknown
  readonly _parent?: Handle | null
}

/**
 * Bytes that Node has handed to the transport and the kernel has not taken yet. The only reach into Node's internals of the
 * plain port: the stream's own figures change when a whole write is done, which for a large write to a slow peer takes
 * longer than `timeouts.stall`, so that a peer that is slow would look like one that is dead. 0 where Node does not tell.
 */
export function transportQueue(socket: Duplex): number {
  const handle = (socket as { _handle?: Handle | null })._handle
  return sizeOf(handle) + sizeOf(handle?._parent)
}

function sizeOf(handle: Handle | null | undefined): number {
  const size = handle?.writeQueueSize
  return typeof size === 'number' ? size : 0
}
