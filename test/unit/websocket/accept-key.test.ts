import { expect, test } from 'vitest'
import { acceptKey } from '../../../src/websocket/accept-key.ts'

test('answers the key of RFC 6455 section 1.3 as it says', () => {
  expect(acceptKey('dGhlIHNhbXBsZSBub25jZQ==')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
})
