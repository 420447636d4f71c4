import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { expect } from 'vitest'
import type { Side } from '../../src/relay/ending.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import { closeFrame } from './frame-run.ts'
import { frame, readFrames } from './frames.ts'
import type { ReadFrame } from './frames.ts'
import { describeFrame } from './live-peer.ts'
import type { Random } from './random.ts'
import type { RawClient } from './raw-client.ts'
import { turn } from './raw-session.ts'
import type { RawSession } from './raw-session.ts'

export const endings = [
  'client closes',
  'upstream closes',
  'client ends',
  'upstream ends',
  'client resets',
  'upstream resets',
] as const
export type Ending = (typeof endings)[number]

/** What the record says of each ending, on a relay. */
const records: Readonly<Record<Ending, Record<string, unknown>>> = {
  'client closes': { closedBy: 'client', code: 1000 },
  'upstream closes': { closedBy: 'upstream', code: 1000 },
  'client ends': { closedBy: 'client', code: 1006, error: 'client-lost' },
  'upstream ends': { closedBy: 'upstream', code: 1011, error: 'upstream-lost' },
  'client resets': { closedBy: 'client', code: 1006, error: 'client-lost' },
  'upstream resets': { closedBy: 'upstream', error: 'upstream-lost' },
}

/**
 * Sends messages of random sizes, in random fragments and random pieces, both ways at once, with
 * readers that stop now and then, ends the session in one of the ways there are, and compares every
 * byte that has arrived.
 */
export async function mixedRelay(
  session: RawSession,
  ending: Ending,
  random: Random,
): Promise<void> {
  const { client, upstream } = session
  const [who, how] = ending.split(' ') as [Side, 'closes' | 'ends' | 'resets']
  const sent: Record<Side, Buffer> = {
    client: traffic('client', random),
    upstream: traffic('upstream', random),
  }
  const ends: Record<Side, RawClient> = { client, upstream }
  const other: Side = who === 'client' ? 'upstream' : 'client'
  const readers = [stutter(client, random), stutter(upstream, random)]

  const writing = [write(client, sent.client, random), write(upstream, sent.upstream, random)]
  if (how === 'resets') {
    await ends[other].has(random.int(0, Math.floor(sent[who].length / 2)))
    ends[who].reset()
    readers.forEach((stop) => stop())
    await toldOrCut(ends[other])
    ends[other].end()
    await ends[other].closed()
    expect(startsWith(sent[who], ends[other].received)).toBe(true)
  } else {
    await Promise.all(writing)
    await Promise.all([upstream.has(sent.client.length), client.has(sent.upstream.length)])
    readers.forEach((stop) => stop())
    if (how === 'closes') ends[who].send(closeFrame(who, 1000))
    else ends[who].end()
    await ends[other].has(sent[who].length + 2)
    const behind = framesBehind(ends[other], sent[who])
    const lost = who === 'client' ? 'close 1001 client-lost' : 'close 1011 upstream-lost'
    expect(behind.map(describeFrame)).toEqual([how === 'closes' ? 'close 1000' : lost])
    ends[other].send(closeFrame(other, 1000))
    upstream.end()
    await client.closed()
    client.end()
    await upstream.closed()
    expect(sha(upstream.received.subarray(0, sent.client.length))).toBe(sha(sent.client))
    expect(sha(client.received.subarray(0, sent.upstream.length))).toBe(sha(sent.upstream))
  }
  expect(await session.closed()).toMatchObject(records[ending])
  client.destroy()
  upstream.destroy()
}

/** The same for a bridge, whose backend closes by its FIN. */
export async function mixedBridge(
  session: RawSession,
  ending: Ending,
  random: Random,
): Promise<void> {
  const { client, upstream: backend } = session
  const up = random.bytes(random.size(200_000))
  const down = random.bytes(random.size(200_000))
  const readers = [stutter(client, random), stutter(backend, random)]
  const writing = [write(client, messagesOf(up, random), random), write(backend, down, random)]
  if (ending.endsWith('resets')) {
    await (ending === 'client resets' ? backend : client).has(1).catch(() => undefined)
    ;(ending === 'client resets' ? client : backend).reset()
    readers.forEach((stop) => stop())
    const stays = ending === 'client resets' ? backend : client
    if (stays === client) await toldOrCut(client)
    else await backend.closed()
    stays.end()
    await stays.closed()
    if (stays === backend) expect(startsWith(up, backend.received)).toBe(true)
    else expect(startsWith(down, binaryPayload(client))).toBe(true)
  } else {
    await Promise.all([...writing, backend.has(up.length)])
    readers.forEach((stop) => stop())
    // Otherwise what is on its way to the client is rightly discarded.
    while (binaryPayload(client).length < down.length) await once(client.socket, 'data')
    if (ending.startsWith('upstream')) {
      const before = client.received.length
      backend.end()
      await client.has(before + 4)
    }
    if (ending === 'client ends') client.end()
    else client.send(closeFrame('client', 1000))
    await backend.closed()
    backend.end()
    await client.closed()
    client.end()
    expect(sha(backend.received)).toBe(sha(up))
    expect(sha(binaryPayload(client))).toBe(sha(down))
  }
  const byBackend = ending.startsWith('upstream')
  expect(await session.closed()).toMatchObject({
    closedBy: byBackend ? 'upstream' : 'client',
    code: ending === 'upstream resets' ? 1011 : records[backendEnds(ending)]['code'],
  })
  client.destroy()
  backend.destroy()
}

/** A backend's FIN is its Close. */
function backendEnds(ending: Ending): Ending {
  return ending === 'upstream ends' ? 'upstream closes' : ending
}

/** Messages of random sizes, some in fragments, some with pings between them. */
function traffic(from: Side, random: Random): Buffer {
  const masked = from === 'client'
  const frames: Buffer[] = []
  for (let messages = random.int(1, 12); messages > 0; messages--) {
    const opcode = random.pick([Opcode.text, Opcode.binary])
    const pieces = random.pick([1, 1, 1, 2, 5])
    for (let piece = 1; piece <= pieces; piece++) {
      const payload = Buffer.alloc(random.size(60_000), random.int(0, 255))
      const kind = piece === 1 ? opcode : Opcode.continuation
      frames.push(frame({ opcode: kind, fin: piece === pieces, payload, masked }))
      if (random.next() < 0.2) {
        frames.push(
          frame({ opcode: Opcode.ping, payload: random.bytes(random.int(0, 125)), masked }),
        )
      }
    }
  }
  return Buffer.concat(frames)
}

/** Bytes as binary messages of random sizes. */
function messagesOf(bytes: Buffer, random: Random): Buffer {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(bytes.length - at, random.size(70_000))
    frames.push(frame({ payload: bytes.subarray(at, at + size), masked: true }))
    at += size
  }
  return Buffer.concat(frames)
}

/**
 * Writes in random pieces, waits where it has to and now and then where it has not; ends quietly
 * with the connection.
 */
async function write({ socket }: RawClient, bytes: Buffer, random: Random): Promise<void> {
  for (let at = 0; at < bytes.length && !socket.destroyed;) {
    const size = Math.max(1, random.size(40_000))
    if (!socket.write(bytes.subarray(at, at + size))) {
      await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined)
    }
    at += size
    if (random.next() < 0.3) await turn()
  }
}

/** Makes a reader stop now and then. @returns what makes it read on for good */
function stutter({ socket }: RawClient, random: Random): () => void {
  if (random.next() < 0.5) return () => undefined
  const timer = setInterval(
    () => {
      if (socket.isPaused()) socket.resume()
      else if (random.next() < 0.7) socket.pause()
    },
    random.int(1, 5),
  )
  return () => {
    clearInterval(timer)
    socket.resume()
  }
}

/** Waits for a Close, or for the end of a connection that gets none. */
async function toldOrCut(end: RawClient): Promise<void> {
  while (!end.ended && readFrames(end.received).frames.at(-1)?.opcode !== Opcode.close) {
    await Promise.race([once(end.socket, 'data'), end.closed()])
  }
}

function framesBehind(end: RawClient, sent: Buffer): ReadFrame[] {
  return readFrames(end.received.subarray(sent.length)).frames
}

function binaryPayload(client: RawClient): Buffer {
  const { frames } = readFrames(client.received)
  return Buffer.concat(
    frames.filter(({ opcode }) => opcode === Opcode.binary).map(({ payload }) => payload),
  )
}

/**
 * What has arrived is how `sent` begins; behind it there may be a Close of the gateway's, whole.
 */
function startsWith(sent: Buffer, arrived: Buffer): boolean {
  let same = 0
  while (same < arrived.length && arrived[same] === sent[same]) same++
  if (same === arrived.length) return true
  // The Close may begin as what was to come would have.
  for (let at = same; at >= 0 && at > same - 8; at--) {
    const { frames, rest } = readFrames(arrived.subarray(at))
    if (frames.length === 1 && rest.length === 0 && frames[0]?.opcode === Opcode.close) return true
  }
  return false
}

function sha(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}
