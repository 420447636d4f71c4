import { serializeExtensions } from '../websocket/extensions.ts'
import { randomBase64 } from '../websocket/random.ts'
import type { WebSocketOffer } from './upstream.ts'

/**
 * A Sec-WebSocket-Key: no secret, but unpredictable (RFC 6455 section 4.1). Never the client's: who
 * knows the key beforehand can prepare an answer that verifies, and have it served by an upstream
 * that has not agreed to anything.
 */
export function freshKey(): string {
  return randomBase64(16)
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
