import { createSocket } from 'node:dgram'
import type { RemoteInfo, Socket } from 'node:dgram'
import { once } from 'node:events'
import { isIPv4 } from 'node:net'

const types = { A: 1, AAAA: 28, SRV: 33 } as const
type Type = keyof typeof types

/** `1.2.3.4`, `2001:db8::1`, or `priority weight port host`. */
interface Zone {
  readonly ttl: number
  readonly records: readonly string[]
}

/** A name server of a test's own: what it knows can be changed at any time (RFC 1035). */
export class DnsServer {
  /** By name in lower case. */
  readonly zones = new Map<string, Zone>()
  /** `TYPE name`, in the order of asking. */
  readonly asked: string[] = []
  /** `silence`: no answer; `failure`: SERVFAIL to everything. */
  mode: 'answers' | 'silence' | 'failure' = 'answers'
  readonly #socket: Socket

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (query, from) => this.#answer(query, from))
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket('udp4').bind(0, '127.0.0.1')
    await once(socket, 'listening')
    return new DnsServer(socket)
  }

  get address(): string {
    return `127.0.0.1:${this.#socket.address().port}`
  }

  stop(): void {
    this.#socket.close()
  }

  #answer(query: Buffer, from: RemoteInfo): void {
    const { name, end } = readName(query)
    const code = query.readUInt16BE(end)
    const type = (Object.keys(types) as Type[]).find((key) => types[key] === code)
    this.asked.push(`${type} ${name}`)
    if (this.mode === 'silence') return
    const zone = this.zones.get(name)
    const rcode = this.mode === 'failure' ? 2 : zone === undefined ? 3 : 0
    const records = rcode === 0 ? zone!.records.filter((record) => typeOf(record) === type) : []
    const header = Buffer.alloc(12)
    query.copy(header, 0, 0, 2)
    // An authoritative response, recursion available.
    header.writeUInt16BE(0x8580 | rcode, 2)
    header.writeUInt16BE(1, 4)
    header.writeUInt16BE(records.length, 6)
    const question = query.subarray(12, end + 4)
    const answers = records.map((record) => encodeRecord(record, zone!.ttl))
    this.#socket.send(Buffer.concat([header, question, ...answers]), from.port, from.address)
  }
}

function typeOf(record: string): Type {
  if (record.includes(' ')) return 'SRV'
  return isIPv4(record) ? 'A' : 'AAAA'
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), end: at + 1 }
}

function encodeRecord(record: string, ttl: number): Buffer {
  const data = encodeData(record)
  const head = Buffer.alloc(12)
  // The name: a pointer to that of the question.
  head.writeUInt16BE(0xc00c, 0)
  head.writeUInt16BE(types[typeOf(record)], 2)
  head.writeUInt16BE(1, 4)
  head.writeUInt32BE(ttl, 6)
  head.writeUInt16BE(data.length, 10)
  return Buffer.concat([head, data])
}

function encodeData(record: string): Buffer {
  if (isIPv4(record)) return Buffer.from(record.split('.').map(Number))
  if (record.includes(' ')) {
    const [priority = 0, weight = 0, port = 0] = record.split(' ').map(Number)
    const [host = ''] = record.split(' ').slice(-1)
    const numbers = Buffer.alloc(6)
    for (const [at, number] of [priority, weight, port].entries())
      numbers.writeUInt16BE(number, at * 2)
    const labels = host
      .split('.')
      .flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
    return Buffer.concat([numbers, ...labels, Buffer.from([0])])
  }
  const [head = '', tail = ''] = record.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [groups(head), groups(tail)]
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  const bytes = Buffer.alloc(16)
  for (const [at, group] of [...before, ...zeros, ...after].entries())
    bytes.writeUInt16BE(group, at * 2)
  return bytes
}
