import { Socket } from 'node:net'
import { expect, test, vi } from 'vitest'
import { watchOver } from '../../../src/relay/keep-alive.ts'

test.each([
  ['is never pinged', Infinity, true],
  ['is pinged later than the kernel would ask', 60_001, true],
  ['is pinged at the same time', 60_000, false],
  ['is pinged before', 30_000, false],
])('a peer that %s: the kernel looks after it', (_, pingMs, isWatched) => {
  const socket = new Socket()
  const set = vi.spyOn(socket, 'setKeepAlive')
  watchOver(socket, pingMs)
  expect(set.mock.calls).toEqual(isWatched ? [[true, 60_000]] : [])
  socket.destroy()
})
