import { expect } from 'vitest'
import type { Side } from '../../src/relay/ending.ts'
import { Opcode } from '../../src/websocket/opcode.ts'
import type { CorpusRow, Violation } from './frame-corpus.ts'
import { closePayload, frame } from './frames.ts'
import type { RawClient } from './raw-client.ts'
import { takeFrame, turn } from './raw-session.ts'
import type { RawSession } from './raw-session.ts'

const violationCode: Readonly<Record<Violation, number>> = {
  'frame-invalid': 1002,
  'message-too-big': 1009,
  'rate-exceeded': 1008,
}

/** Longer rows are not sent byte by byte. */
const bytewiseUpTo = 80

/** Ways to cut a row's bytes into writes: whole, at single places, byte by byte. */
export function cuts(bytes: Buffer, everywhere: boolean): Buffer[][] {
  const { length } = bytes
  const ways = [[bytes]]
  if (length < 2) return ways
  const places = everywhere && length <= 14 ? range(1, length) : spread(length)
  if (everywhere) {
    for (const at of places) ways.push([bytes.subarray(0, at), bytes.subarray(at)])
  }
  if (length <= bytewiseUpTo) ways.push(Array.from(bytes, (byte) => Buffer.from([byte])))
  return ways
}

/** Sends a row from one side of a session and checks everything that anybody sees of it. */
export async function runRow(
  row: CorpusRow,
  from: Side,
  pieces: readonly Buffer[],
  session: RawSession,
): Promise<void> {
  const sender = from === 'client' ? session.client : session.upstream
  const receiver = from === 'client' ? session.upstream : session.client
  for (const [index, piece] of pieces.entries()) {
    if (index > 0) await turn()
    sender.send(piece)
  }
  const passed = row.passed(from)
  const { ends } = row
  let record: Record<string, unknown>
  if (ends.kind === 'open' || ends.kind === 'close') {
    const close = ends.kind === 'close' ? ends : { code: 1000, reason: 'over' }
    const own = ends.kind === 'close' ? Buffer.alloc(0) : closeFrame(from, 1000, 'over')
    sender.send(own)
    await expectBytes(receiver, Buffer.concat([passed, own]))
    const answer = closeFrame(other(from), 1000, 'bye')
    receiver.send(answer)
    await expectBytes(sender, answer)
    record = { closedBy: from, code: close.code, reason: close.reason, error: undefined }
  } else if (ends.kind === 'violation') {
    const code = violationCode[ends.token]
    const error = from === 'client' ? ends.token : 'upstream-invalid'
    await expectBytes(receiver, passed)
    await expectClose(receiver, other(from), from === 'client' ? 1001 : 1011, error)
    receiver.send(closeFrame(other(from), 1000))
    await expectClose(sender, from, code, error)
    record = { closedBy: 'gateway', code: from === 'client' ? code : 1011, reason: error, error }
  } else {
    const error = `${from}-lost`
    sender.end()
    await expectBytes(receiver, passed)
    const told = ends.kind === 'between'
    if (told) {
      await expectClose(receiver, other(from), from === 'client' ? 1001 : 1011, error)
      receiver.send(closeFrame(other(from), 1000))
    }
    const heard = told && from === 'upstream'
    record = { closedBy: from, code: heard ? 1011 : 1006, reason: heard ? error : '', error }
  }
  await expectEnd(session)
  const counts = { messages: row.messages, bytes: row.counted }
  const none = { messages: 0, bytes: 0 }
  const [received, sent] = from === 'client' ? [counts, none] : [none, counts]
  const { closedBy, code, reason, error, ...line } = await session.closed()
  expect({ closedBy, code, reason, error }).toEqual(record)
  expect({ received: line['received'], sent: line['sent'] }).toEqual({ received, sent })
}

/** Both sides see the end of their stream, in order and with nothing before it. */
async function expectEnd({ client, upstream }: RawSession): Promise<void> {
  upstream.end()
  const [toClient, toUpstream] = await Promise.all([
    client.closed().finally(() => client.end()),
    upstream.closed(),
  ])
  expect(toClient.toString('hex')).toBe('')
  expect(toUpstream.toString('hex')).toBe('')
  expect([client.wasReset, upstream.wasReset]).toEqual([false, false])
}

async function expectBytes(end: RawClient, expected: Buffer): Promise<void> {
  const got = await end.take(expected.length)
  if (!got.equals(expected)) expect(got.toString('hex')).toBe(expected.toString('hex'))
}

/** A Close of the gateway's own: masked towards a server only. */
export async function expectClose(
  end: RawClient,
  to: Side,
  code: number,
  reason: string,
): Promise<void> {
  const { opcode, fin, masked, payload } = await takeFrame(end)
  expect({ opcode, fin, masked, payload: payload.toString('hex') }).toEqual({
    opcode: Opcode.close,
    fin: true,
    masked: to === 'upstream',
    payload: closePayload(code, reason).toString('hex'),
  })
}

export function closeFrame(from: Side, code: number, reason = ''): Buffer {
  const payload = closePayload(code, reason)
  return frame({ opcode: Opcode.close, payload, masked: from === 'client' })
}

function other(side: Side): Side {
  return side === 'client' ? 'upstream' : 'client'
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i)
}

/** A few places: within the first header, and between the first byte and the last. */
function spread(length: number): number[] {
  if (length > 4096) return [3, Math.floor(length / 2)]
  const places = [1, 2, 3, 6, Math.floor(length / 3), Math.floor((2 * length) / 3), length - 1]
  return [...new Set(places)].filter((at) => at > 0 && at < length)
}
