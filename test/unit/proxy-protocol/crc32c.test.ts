import { expect, test } from 'vitest'
import { crc32c } from '../../../src/proxy-protocol/crc32c.ts'

test.each([
  ['nothing', '', 0x00000000],
  ['the digits 1 to 9', Buffer.from('123456789').toString('hex'), 0xe3069283],
  // RFC 3720 appendix B.4, whose checksum this is; there in the order of the wire.
  ['32 bytes of zeros', '00'.repeat(32), 0x8a9136aa],
  ['32 bytes of ones', 'ff'.repeat(32), 0x62a8ab43],
])('the checksum of %s', (_, hex, sum) => {
  expect(crc32c(Buffer.from(hex, 'hex'))).toBe(sum)
})
