/** Two independent 32-bit hashes of a text: together they tell more texts apart than one. */
export interface HashPair {
  readonly high: number
  readonly low: number
}

const highSeed = 0x9747b28c
const lowSeed = 0x3c6ef372

/**
 * MurmurHash3 (32 bits, x86) over the UTF-16 units of a text, twice. The same in every process: it
 * decides where a key is at home. It is no defence against somebody who looks for texts that
 * collide, who gains nothing but to be served by one server.
 */
export function hashText(text: string): HashPair {
  return { high: murmur(text, highSeed), low: murmur(text, lowSeed) }
}

/**
 * What two texts have in common, as a number above 0 and below 1: evenly spread, and of any two
 * pairs independent. 52 bits, so that its logarithm is as fine where it is near 1.
 */
export function mixPair(one: HashPair, other: HashPair): number {
  const high = scramble(one.high ^ other.high)
  const low = scramble(one.low ^ other.low)
  return (high * 2 ** 20 + (low >>> 12) + 0.5) / 2 ** 52
}

function murmur(text: string, seed: number): number {
  let hash = seed
  for (let at = 0; at < text.length; at += 2) {
    // Beyond the end it is NaN, which `|` takes for 0.
    let block = text.charCodeAt(at) | (text.charCodeAt(at + 1) << 16)
    block = Math.imul(block, 0xcc9e2d51)
    block = (block << 15) | (block >>> 17)
    hash ^= Math.imul(block, 0x1b873593)
    hash = (hash << 13) | (hash >>> 19)
    hash = Math.imul(hash, 5) + 0xe6546b64
  }
  return scramble(hash ^ (text.length * 2))
}

/** MurmurHash3's last step: every bit of what goes in changes half of those that come out. */
function scramble(hash: number): number {
  let bits = hash
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
