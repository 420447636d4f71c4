import type { Socket } from 'node:net'
import { rawServer } from '../../support/peers.ts'
import type { Peer } from '../../support/peers.ts'

/** One request as an upstream read it. */
export interface SeenRequest {
  /** Method and target. */
  readonly start: string
  /** Header lines as they stood. */
  readonly lines: readonly string[]
  readonly body: string
}

/** What an upstream saw, by a parser that takes nothing but the plainest HTTP/1.1. */
export interface Recorder extends Peer {
  /** Whole requests, in order. */
  readonly requests: SeenRequest[]
  /**
   * Bytes that this parser would not take: whatever the gateway makes of a client's request, it has
   * to be plain.
   */
  readonly faults: string[]
  /** Bytes of requests that are not whole. */
  readonly pending: () => number
}

const answer = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const emptyAnswer = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'

/** Starts an upstream that keeps what it gets and answers each whole request with 200. */
export async function recorder(): Promise<Recorder> {
  const requests: SeenRequest[] = []
  const faults: string[] = []
  const partial = new Map<Socket, string>()
  const peer = await rawServer((socket) => {
    socket.once('close', () => partial.delete(socket))
    socket.once('end', () => socket.end())
    socket.on('data', (chunk: Buffer) => {
      let text = (partial.get(socket) ?? '') + chunk.toString('latin1')
      for (;;) {
        const parsed = parseRequest(text)
        if (parsed === undefined) break
        if (typeof parsed === 'string') {
          faults.push(parsed)
          text = ''
          socket.destroy()
          break
        }
        text = text.slice(parsed.size)
        requests.push(parsed.request)
        socket.write(parsed.request.start.startsWith('HEAD ') ? emptyAnswer : answer)
      }
      if (text === '') partial.delete(socket)
      else partial.set(socket, text)
    })
  })
  const pending = (): number => [...partial.values()].join('').length
  return { ...peer, requests, faults, pending }
}

/** What belongs to the client's own connection, whatever it says. */
const ofTheConnection = /^(?:expect|http2-settings|keep-alive|proxy.*|trailer|upgrade): /i

/**
 * @returns undefined where more has to come, and what is wrong where the text is no plain request
 */
function parseRequest(text: string): { request: SeenRequest; size: number } | string | undefined {
  const end = text.indexOf('\r\n\r\n')
  if (end === -1) return undefined
  const [first = '', ...lines] = text.slice(0, end).split('\r\n')
  const start = /^([A-Z-]+ (?:\/[!-~\x80-\xff]*)) HTTP\/1\.1$/.exec(first)?.[1]
  if (start === undefined) return `start line ${JSON.stringify(first)}`
  const strange = lines.find(
    (line) => !/^[!#$%&'*+.^`|~0-9A-Za-z-]+: [\t\x20-\x7e\x80-\xff]*$/.test(line),
  )
  if (strange !== undefined) return `header line ${JSON.stringify(strange)}`
  const leak = lines.find((line) => ofTheConnection.test(line))
  if (leak !== undefined) return `passed on: ${JSON.stringify(leak)}`
  if (valuesOf(lines, 'host').length !== 1) return 'not one Host'
  const [length, ...lengths] = valuesOf(lines, 'content-length')
  const [coding, ...codings] = valuesOf(lines, 'transfer-encoding')
  if (lengths.length + codings.length > 0) return 'two lengths or codings'
  if (coding !== undefined) {
    if (length !== undefined || coding !== 'chunked') return 'a strange framing'
    const body = parseChunks(text.slice(end + 4))
    if (typeof body !== 'object') return body
    return { request: { start, lines, body: body.data }, size: end + 4 + body.size }
  }
  if (!/^\d{1,15}$/.test(length ?? '0')) return 'a strange length'
  const size = end + 4 + Number(length ?? 0)
  if (text.length < size) return undefined
  return { request: { start, lines, body: text.slice(end + 4, size) }, size }
}

function parseChunks(text: string): { data: string; size: number } | string | undefined {
  let data = ''
  for (let at = 0; ;) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd === -1) return undefined
    const hex = text.slice(at, lineEnd)
    if (!/^[0-9a-f]{1,8}$/i.test(hex)) return `chunk size ${JSON.stringify(hex)}`
    const from = lineEnd + 2
    const size = Number.parseInt(hex, 16)
    if (text.length < from + size + 2) return undefined
    if (text.slice(from + size, from + size + 2) !== '\r\n') return 'a chunk without its end'
    data += text.slice(from, from + size)
    at = from + size + 2
    if (size === 0) return { data, size: at }
  }
}

export function valuesOf(lines: readonly string[], name: string): string[] {
  const prefix = `${name.toLowerCase()}: `
  return lines
    .filter((line) => line.toLowerCase().startsWith(prefix))
    .map((line) => line.slice(prefix.length))
}
