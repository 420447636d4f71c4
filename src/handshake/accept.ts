import { acceptKey } from '../websocket/accept-key.ts'

/** The 101 that opens a WebSocket (RFC 6455 section 4.2.2), to be written as latin1. */
export function switchingProtocols(agreed: {
  /** The client's Sec-WebSocket-Key. */
  readonly key: string
  /** One that the client offered. */
  readonly protocol: string | undefined
  /** The Sec-WebSocket-Extensions value. */
  readonly extensions: string | undefined
  /** A Set-Cookie value of the gateway's. */
  readonly setCookie?: string | undefined
}): string {
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${acceptKey(agreed.key)}`,
  ]
  if (agreed.protocol !== undefined) lines.push(`Sec-WebSocket-Protocol: ${agreed.protocol}`)
  if (agreed.extensions !== undefined) lines.push(`Sec-WebSocket-Extensions: ${agreed.extensions}`)
  if (agreed.setCookie !== undefined) lines.push(`Set-Cookie: ${agreed.setCookie}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}
