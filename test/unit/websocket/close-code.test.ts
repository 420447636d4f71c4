import { expect, test } from 'vitest'
import { isWireCode } from '../../../src/websocket/close-code.ts'

test.each([
  1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999,
])('%i may be sent', (code) => expect(isWireCode(code)).toBe(true))

test.each([0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535])(
  '%i may not be sent',
  (code) => expect(isWireCode(code)).toBe(false),
)
