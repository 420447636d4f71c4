import { afterEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { once } from 'node:events'
import { proxyTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { wsEcho } from '../support/peers.ts'
import { runCli } from './cli-process.ts'

let running: RunningGateway | undefined
afterEach(() => running?.stop())

test.each(['plain', 'adopted'] as const)('the log says which data path runs: %s', async (path) => {
  const echo = await wsEcho()
  running = await startGateway(proxyTo(`http://127.0.0.1:${echo.port}`), { fastPath: path })
  await running.log.line('data path', { path })
  const socket = new WebSocket(`ws://127.0.0.1:${running.port()}/`)
  await once(socket, 'open')
  socket.send('hello')
  const [answer] = (await once(socket, 'message')) as [Buffer]
  expect(answer.toString()).toBe('hello')
  socket.close()
  await once(socket, 'close')
  echo.close()
})

test('a value of DRAWBRIDGE_FAST_PATH that means nothing is an error, and nothing starts', async () => {
  const ended = await runCli(['--to', 'http://127.0.0.1:9', '--listen', '127.0.0.1:0'], {
    env: { DRAWBRIDGE_FAST_PATH: 'fast' },
  })
  expect(ended).toMatchObject({ code: 1, stdout: '' })
  expect(ended.stderr).toContain('DRAWBRIDGE_FAST_PATH: found fast, expected off, adopted or on')
})
