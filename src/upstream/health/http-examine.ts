import { request as httpRequest } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { HttpCheck } from '../../config/settled/health.ts'
import { maxHeadBytes } from '../../config/fixed-limits.ts'
import { authorityOf } from '../authority.ts'
import { checkAgent } from './examine.ts'
import type { Examine } from './examine.ts'

/** Bytes of a body that are read, and looked at. */
const maxBodyBytes = 8_192

/**
 * GETs a path: the status has to be an expected one, and the text to be in the body where one is
 * asked for. The answer has to come whole, or as much of it as is looked at. Redirects are answers
 * like others: where they lead is not ours to check.
 */
export function examineHttp({ path, host, statuses, body }: HttpCheck): Examine {
  return (socket, server, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason)
        return
      }
      const settle = (): void => signal.removeEventListener('abort', abort)
      const pass = (): void => {
        settle()
        resolve()
      }
      const fail = (error: Error): void => {
        settle()
        reject(error)
      }
      const abort = (): void => fail(signal.reason)
      const request = httpRequest({
        createConnection: () => socket,
        method: 'GET',
        path,
        // No Accept-Encoding but this: the text is looked for in what comes.
        headers: {
          Host: host ?? authorityOf(server),
          'User-Agent': checkAgent,
          Accept: '*/*',
          'Accept-Encoding': 'identity',
          Connection: 'close',
        },
        maxHeaderSize: maxHeadBytes,
        insecureHTTPParser: false,
      })
      request.on('response', (answer) => {
        answer.on('error', fail)
        // A 101 that nobody asked for comes as an answer too.
        const { statusCode = 0 } = answer
        if (!statuses.some(({ from, to }) => statusCode >= from && statusCode <= to)) {
          fail(new Error(`the status is ${statusCode}`))
          return
        }
        readStart(answer, (text) => {
          if (body === undefined || text.includes(body)) pass()
          else fail(new Error(`the text is not in the first ${maxBodyBytes} bytes of the body`))
        })
      })
      request.on('upgrade', () => fail(new Error('the status is 101')))
      request.on('error', fail)
      signal.addEventListener('abort', abort)
      request.end()
    })
}

/** The body as text, or its start; `read` is not called where it breaks off before. */
function readStart(answer: IncomingMessage, read: (text: string) => void): void {
  const chunks: Buffer[] = []
  let bytes = 0
  const done = (): void => read(Buffer.concat(chunks).toString('utf8', 0, maxBodyBytes))
  answer.on('data', (chunk: Buffer) => {
    if (bytes >= maxBodyBytes) return
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes < maxBodyBytes) return
    answer.pause()
    done()
  })
  answer.on('end', () => {
    if (bytes < maxBodyBytes) done()
  })
}
