import type { Side } from '../../src/relay/ending.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import { frame } from './frames.ts'
import type { RawClient } from './raw-client.ts'
import { takeFrame } from './raw-session.ts'

/**
 * A frame as one would write it down: `text hello`, `close 1001 draining`, `ping 8` (only how long
 * its payload is).
 */
export type Seen = string

const names = new Map<number, string>(Object.entries(Opcode).map(([name, code]) => [code, name]))

/**
 * Plays a peer that answers Pings and the Close, until the other end is done.
 * @returns all frames it got, and how its connection ended
 */
export async function livePeer(end: RawClient, side: Side): Promise<Seen[]> {
  const seen: Seen[] = []
  const masked = side === 'client'
  for (;;) {
    if (end.ended && end.received.length === 0) return [...seen, await left(end)]
    let got
    try {
      got = await takeFrame(end)
    } catch {
      return [...seen, await left(end)]
    }
    seen.push(describeFrame(got))
    if (got.opcode === Opcode.ping) {
      end.send(frame({ opcode: Opcode.pong, payload: got.payload, masked }))
    }
    if (got.opcode === Opcode.close) {
      end.send(frame({ opcode: Opcode.close, payload: got.payload, masked }))
      if (side === 'upstream') end.end()
      return [...seen, await left(end)]
    }
  }
}

export function describeFrame({ opcode, payload }: { opcode: number; payload: Buffer }): Seen {
  const name = names.get(opcode) ?? String(opcode)
  if (opcode === Opcode.close) {
    return payload.length === 0
      ? name
      : `${name} ${payload.readUInt16BE()} ${payload.toString('utf8', 2)}`.trimEnd()
  }
  if (opcode === Opcode.ping || opcode === Opcode.pong) return `${name} ${payload.length}`
  return `${name} ${payload.toString()}`
}

/** Waits for the end: `fin`, `reset`, and before it what was no whole frame. */
async function left(end: RawClient): Promise<Seen> {
  const rest = await end.closed()
  end.end()
  const how = end.wasReset ? 'reset' : 'fin'
  return rest.length === 0 ? how : `${rest.toString('hex')} ${how}`
}
