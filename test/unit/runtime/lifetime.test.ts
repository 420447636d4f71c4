import { afterEach, expect, test } from 'vitest'
import type { Gateway } from '../../../src/gateway.ts'
import { Lifetime } from '../../../src/runtime/lifetime.ts'
import { createLogger } from '../../../src/observe/logger.ts'
import { startGateway, type RunningGateway } from '../../support/gateway.ts'
import { LineOutput } from '../observe/line-output.ts'

let running: RunningGateway | undefined
let lifetime: Lifetime | undefined

afterEach(() => {
  lifetime?.end()
  running?.stop()
})

async function begin(): Promise<{ gateway: Gateway; lifetime: Lifetime; output: LineOutput }> {
  running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    routes: [{ respond: { status: 204 } }],
  })
  const output = new LineOutput()
  const logger = createLogger({ level: 'info', format: 'json', output })
  lifetime = new Lifetime(running.gateway, logger)
  return { gateway: running.gateway, lifetime, output }
}

test('is unready while it starts and while it drains', async () => {
  const { lifetime } = await begin()
  expect(lifetime.unready).toBe('starting')
  lifetime.started()
  expect(lifetime.unready).toBeUndefined()
  process.emit('SIGTERM')
  expect(lifetime.unready).toBe('draining')
  expect(await lifetime.exitCode).toBe(0)
})

test('a crash is told, drains, and ends with 1', async () => {
  const { lifetime, gateway, output } = await begin()
  lifetime.started()
  const crash = process.listeners('uncaughtException').at(-1)
  crash?.(new TypeError('x is undefined'), 'uncaughtException')
  expect(gateway.draining).toBe(true)
  expect(await lifetime.exitCode).toBe(1)
  expect(output.lines[0]).toMatchObject({
    level: 'fatal',
    msg: 'uncaught exception',
    err: { message: 'x is undefined', stack: expect.stringContaining('TypeError') },
  })
})

test('a crash during a drain turns its exit code into 1', async () => {
  const { lifetime } = await begin()
  lifetime.started()
  process.emit('SIGTERM')
  process.listeners('uncaughtException').at(-1)?.(new Error('late'), 'uncaughtException')
  expect(await lifetime.exitCode).toBe(1)
})
