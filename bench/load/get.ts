import type { Socket } from 'node:net'
import { writeRaw } from '../raw-socket.ts'
import { dial } from './dial.ts'
import type { Meter } from './meter.ts'
import type { GetTraffic, Target } from './plan.ts'

const ok = Buffer.from('HTTP/1.1 200 ')
/** What the backend answers, behind an empty line. */
const end = Buffer.from('\r\n\r\nhello\n')

/** Clients that ask again as soon as they have an answer, on connections that are kept. */
export class Gets {
  #isStopping = false
  #failure: Error | undefined

  constructor(target: Target, traffic: GetTraffic, meter: Meter) {
    for (let i = 0; i < traffic.connections; i++) this.#client(target, meter)
  }

  /** @throws what went wrong on any connection */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure
  }

  stop(): void {
    this.#isStopping = true
    this.check()
  }

  #client(target: Target, meter: Meter): void {
    const request = Buffer.from(`GET / HTTP/1.1\r\nHost: localhost:${target.port}\r\n\r\n`)
    let part: Buffer | undefined
    let sentMs = 0
    const ask = (): void => {
      if (this.#isStopping) return
      sentMs = performance.now()
      if (target.tls) socket.write(request)
      else writeRaw(socket, request)
    }
    const socket: Socket = dial(target, {
      open: ask,
      bytes: (bytes, from, to) => {
        let answer = bytes.subarray(from, to)
        if (part !== undefined) answer = Buffer.concat([part, answer])
        if (!isAt(answer, end, answer.length - end.length)) {
          part = Buffer.from(answer)
          return
        }
        part = undefined
        if (!isAt(answer, ok, 0)) {
          socket.destroy(new Error(`answered with ${answer.toString('latin1', 0, 64)}`))
          return
        }
        meter.finished(sentMs, performance.now())
        ask()
      },
      ended: (error) => {
        if (!this.#isStopping) this.#failure ??= error ?? new Error('a connection was not kept')
      },
    })
  }
}

function isAt(bytes: Buffer, part: Buffer, at: number): boolean {
  return at >= 0 && bytes.compare(part, 0, part.length, at, at + part.length) === 0
}
