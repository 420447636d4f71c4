import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { GatewayError, type Token } from '../../../src/errors.ts'
import { createLogger } from '../../../src/observe/logger.ts'
import { Metrics } from '../../../src/observe/metrics.ts'
import { RefusalLog } from '../../../src/observe/refusal-log.ts'
import { LineOutput } from './line-output.ts'

let output: LineOutput
let metrics: Metrics
let log: RefusalLog

beforeEach(() => {
  vi.useFakeTimers()
  output = new LineOutput()
  metrics = new Metrics()
  log = new RefusalLog(createLogger({ level: 'info', format: 'json', output }), metrics)
})

afterEach(() => {
  log.close()
  vi.useRealTimers()
})

function refuse(times: number, client: string, token: Token = 'route-missing'): void {
  for (let time = 0; time < times; time++) {
    log.refused(
      {
        status: 404,
        id: `k${time}`,
        listener: 'edge',
        route: undefined,
        client,
        host: 'localhost',
        method: 'GET',
        path: '/',
        origin: undefined,
      },
      new GatewayError(token, ''),
    )
  }
}

const sums = () => output.lines.filter((line) => 'count' in line)

test('ten a second are told singly, the rest as one line', () => {
  refuse(25, '192.0.2.1')
  expect(output.lines).toHaveLength(10)
  vi.advanceTimersByTime(1000)
  expect(output.lines).toHaveLength(11)
  expect(output.lines[10]).toMatchObject({
    msg: 'refused',
    error: 'route-missing',
    network: '192.0.2.0/24',
    count: 15,
  })
})

test('the next second starts anew', () => {
  refuse(11, '192.0.2.1')
  vi.advanceTimersByTime(1000)
  refuse(11, '192.0.2.1')
  vi.advanceTimersByTime(1000)
  expect(sums().map((line) => line['count'])).toEqual([1, 1])
  expect(output.lines).toHaveLength(22)
})

test('neighbours share a network, strangers and other tokens do not', () => {
  refuse(6, '192.0.2.1')
  refuse(6, '192.0.2.200')
  refuse(10, '198.51.100.1')
  refuse(10, '192.0.2.1', 'origin-denied')
  refuse(11, '2001:db8::1')
  vi.advanceTimersByTime(1000)
  expect(sums().map((line) => [line['network'], line['count']])).toEqual([
    ['192.0.2.0/24', 2],
    ['2001:db8::/64', 1],
  ])
})

test('no timer runs while nothing is refused', () => {
  expect(vi.getTimerCount()).toBe(0)
  refuse(1, '192.0.2.1')
  expect(vi.getTimerCount()).toBe(1)
  vi.advanceTimersByTime(1000)
  expect(vi.getTimerCount()).toBe(0)
})

test('beyond 4096 networks in a second the further ones are counted together', () => {
  for (let network = 0; network < 5000; network++) {
    refuse(1, `10.${Math.floor(network / 256)}.${network % 256}.1`)
  }
  vi.advanceTimersByTime(1000)
  expect(sums().map((line) => [line['network'], line['count']])).toEqual([['other', 894]])
  expect(output.lines).toHaveLength(4096 + 10 + 1)
})

test('close tells what was not told yet', () => {
  refuse(12, '192.0.2.1')
  log.close()
  expect(sums().map((line) => line['count'])).toEqual([2])
  expect(vi.getTimerCount()).toBe(0)
})

test('metrics count every one', async () => {
  refuse(25, '192.0.2.1')
  expect(await metrics.render()).toContain('drawbridge_refusals_total{error="route-missing"} 25')
})
