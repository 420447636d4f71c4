import { expect, test } from 'vitest'
import { readDeflate } from '../../../src/websocket/deflate-params.ts'

test('no parameter sets nothing', () => {
  expect(readDeflate([], 'offer')).toEqual({
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: undefined,
    clientMaxWindowBits: undefined,
  })
})

test('only an offer may leave the value of client_max_window_bits open', () => {
  const params = [['client_max_window_bits', undefined]] as const
  expect(readDeflate(params, 'offer')?.clientMaxWindowBits).toBe(15)
  expect(readDeflate(params, 'answer')).toBeUndefined()
})

test.each(['8', '9', '10', '15'])('a window of %s bits is read', (bits) => {
  expect(readDeflate([['server_max_window_bits', bits]], 'answer')?.serverMaxWindowBits).toBe(
    Number(bits),
  )
})
