import type { Duplex } from 'node:stream'

/**
 * Bytes that Node has handed to the transport and the kernel has not taken yet. The stream's own
 * figures change when a whole write is done, which for a large write to a slow peer takes longer
 * than `timeouts.stall`, so that a peer that is slow would look like one that is dead. Not
 * documented; 0 where Node does not tell.
 */
export function transportQueue(socket: Duplex): number {
  const handle = property(socket, '_handle')
  // On TLS the TCP handle is below.
  return sizeOf(handle) + sizeOf(property(handle, '_parent'))
}

/** libuv's live count of what it has not been able to write. */
function sizeOf(handle: unknown): number {
  const size = property(handle, 'writeQueueSize')
  return typeof size === 'number' ? size : 0
}

function property(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}
