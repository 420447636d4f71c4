import { readFileSync } from 'node:fs'
import type { Side } from '../../src/relay/ending.ts'

/** One row of a table of frames; test/integration/corpus/frames.txt says how they are written. */
export interface CorpusRow {
  readonly name: string
  readonly ends: Ending
  /** All bytes of the row as this side would send them. */
  bytes(from: Side): Buffer
  /** Those of them that reach the other side. */
  passed(from: Side): Buffer
  readonly messages: number
  readonly counted: number
}

export type Ending =
  | { readonly kind: 'open' | 'inside' | 'between' }
  | { readonly kind: 'close'; readonly code: number; readonly reason: string }
  | { readonly kind: 'violation'; readonly token: Violation }

export type Violation = 'frame-invalid' | 'message-too-big' | 'rate-exceeded'

const violations: readonly string[] = ['frame-invalid', 'message-too-big', 'rate-exceeded']
const maskingKey = Buffer.from('37fa213d', 'hex')

export function readCorpus(name: string): CorpusRow[] {
  const text = readFileSync(new URL(`../integration/corpus/${name}`, import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line.includes('|') && !line.startsWith('#'))
    .map(readRow)
}

function readRow(line: string): CorpusRow {
  const [name = '', frames = '', passes = '', ends = '', counts = ''] = line
    .split('|')
    .map((cell) => cell.trim())
  const [messages = NaN, counted = NaN] = counts.split('/').map(Number)
  const written = frames.split(/\s+/).filter((frame) => frame !== '')
  const whole = written.flatMap((frame) => repeated(frame, '*'))
  const passing = passes === 'all' ? whole.length : Number(passes)
  if (!(passing >= 0 && messages >= 0 && counted >= 0)) throw new Error(`not a row: ${line}`)
  return {
    name,
    ends: readEnding(ends),
    bytes: (from) => encodeFrames(whole, from),
    passed: (from) => encodeFrames(whole.slice(0, passing), from),
    messages,
    counted,
  }
}

function readEnding(text: string): Ending {
  const [kind = '', code, ...reason] = text.split(' ')
  if (kind === 'close') return { kind, code: Number(code), reason: reason.join(' ') }
  if (violations.includes(kind)) return { kind: 'violation', token: kind as Violation }
  if (kind === 'open' || kind === 'inside' || kind === 'between') return { kind }
  throw new Error(`not an ending: ${text}`)
}

function encodeFrames(list: readonly string[], from: Side): Buffer {
  return Buffer.concat(list.map((frame) => encodeFrame(frame, from)))
}

function encodeFrame(written: string, from: Side): Buffer {
  const strange = written.startsWith('!')
  const [head = '', payload] = (strange ? written.slice(1) : written).split(':')
  const header = Buffer.from(head, 'hex')
  if ((from === 'client') === strange) {
    return Buffer.concat([header, payload === undefined ? Buffer.alloc(0) : readHex(payload)])
  }
  if (header.length > 1) header.writeUInt8(header.readUInt8(1) | 0x80, 1)
  if (payload === undefined) return header
  const masked = readHex(payload)
  for (let i = 0; i < masked.length; i++) masked[i]! ^= maskingKey[i % 4]!
  return Buffer.concat([header, maskingKey, masked])
}

/** Hex in which `ab^3` is `ababab`; only the last byte is repeated. */
function readHex(text: string): Buffer {
  const [plain = '', count = '1'] = text.split('^')
  const bytes = Buffer.from(plain, 'hex')
  return Buffer.concat([bytes, Buffer.alloc(Number(count) - 1, bytes.subarray(-1))])
}

function repeated(text: string, by: string): string[] {
  const [one = '', count = '1'] = text.split(by)
  return Array.from({ length: Number(count) }, () => one)
}
