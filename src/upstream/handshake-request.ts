import { randomFillSync } from 'node:crypto'
import { serializeExtensions } from '../websocket/extensions.ts'
import type { WebSocketOffer } from './upstream.ts'

const keyBytes = 16
/** Filled at once for many keys: a system call for each costs more than the rest of a head. */
const random = Buffer.alloc(keyBytes * 128)
let used = random.length

/** A Sec-WebSocket-Key: no secret, but unpredictable (RFC 6455 section 4.1). */
export function freshKey(): string {
  if (used === random.length) {
    randomFillSync(random)
    used = 0
  }
  used += keyBytes
  return random.toString('base64', used - keyBytes, used)
}

/**
 * The head of an opening handshake, to be written as latin1.
 * @throws {TypeError} where the target or a line would not be read as what it is
 */
export function handshakeRequest(offer: WebSocketOffer, key: string): string {
  const { target, headers, protocols } = offer
  // Checked long before; the last look is taken here, where it becomes bytes.
  if (!targetForm.test(target)) throw new TypeError('the target cannot be written')
  let head = `GET ${target} HTTP/1.1\r\n`
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const name = headers[at]!
    const value = headers[at + 1]!
    if (!nameForm.test(name) || !valueForm.test(value)) {
      throw new TypeError('a header line cannot be written')
    }
    head += `${name}: ${value}\r\n`
  }
  head +=
    'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
    `Sec-WebSocket-Key: ${key}\r\n`
  if (protocols.length > 0) head += `Sec-WebSocket-Protocol: ${protocols.join(', ')}\r\n`
  const extensions = serializeExtensions(offer.extensions)
  if (extensions !== undefined) head += `Sec-WebSocket-Extensions: ${extensions}\r\n`
  return `${head}\r\n`
}

const targetForm = /^[\x21-\x7e\x80-\xff]+$/
const nameForm = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const valueForm = /^[\t\x20-\x7e\x80-\xff]*$/
