import { expect, test } from 'vitest'
import { switchingProtocols } from '../../../src/handshake/accept.ts'

const key = 'dGhlIHNhbXBsZSBub25jZQ=='

test('the 101 names what was agreed', () => {
  const head = switchingProtocols({ key, protocol: 'chat', extensions: 'permessage-deflate' })
  expect(head.split('\r\n')).toEqual([
    'HTTP/1.1 101 Switching Protocols',
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
    'Sec-WebSocket-Protocol: chat',
    'Sec-WebSocket-Extensions: permessage-deflate',
    '',
    '',
  ])
})

test('the 101 names nothing that was not agreed', () => {
  const head = switchingProtocols({ key, protocol: undefined, extensions: undefined })
  expect(head).not.toMatch(/Protocol:|Extensions:/)
  expect(head).toMatch(/\r\n\r\n$/)
})
