import { expect, test } from 'vitest'
import { chooseSubprotocol } from '../../../src/handshake/subprotocol.ts'

test.each([
  [['binary'], ['binary'], 'binary'],
  [['base64', 'binary'], ['binary'], 'binary'],
  [['b', 'a'], ['a', 'b'], 'b'],
  [[], ['binary'], undefined],
  [[], [], undefined],
])('of %j a bridge that knows %j answers %s', (offered, known, chosen) => {
  expect(chooseSubprotocol(offered, known)).toBe(chosen)
})

test.each([
  [['base64'], ['binary']],
  [['Binary'], ['binary']],
  [['binary'], []],
])('%j is refused by a bridge that knows %j', (offered, known) => {
  expect(() => chooseSubprotocol(offered, known)).toThrow(
    expect.objectContaining({ token: 'subprotocol-unsupported' }),
  )
})
