import { readSync } from 'node:fs'
import type { Duplex } from 'node:stream'

const [uvMajor = 0, uvMinor = 0] = process.versions.uv.split('.').map(Number)
const resetsLookLikeEnds = uvMajor === 1 && uvMinor < 52

/**
 * Whether a socket whose stream has told of an end was reset. libuv before 1.52 (Node 22) tells of
 * an end where a reset has come together with the last bytes, or while reading was paused: what was
 * cut off would pass for whole. It has not asked the kernel, so that one more read does.
 */
export function wasReset(socket: Duplex): boolean {
  if (!resetsLookLikeEnds || !socket.readableEnded) return false
  const descriptor = descriptorOf(socket)
  if (descriptor === undefined) return false
  try {
    readSync(descriptor, new Uint8Array(1))
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ECONNRESET'
  }
}

/** Not documented. Where there is none an end is what it looks like. */
function descriptorOf(socket: Duplex): number | undefined {
  const handle: unknown = Reflect.get(socket, '_handle')
  if (typeof handle !== 'object' || handle === null) return undefined
  const descriptor: unknown = Reflect.get(handle, 'fd')
  return typeof descriptor === 'number' && descriptor >= 0 ? descriptor : undefined
}
