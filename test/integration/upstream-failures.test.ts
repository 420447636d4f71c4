import { afterEach, expect, test } from 'vitest'
import { AppServer } from '../support/app-server.ts'
import { startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import { Traffic } from '../support/traffic.ts'
import type { Exchange } from '../support/traffic.ts'

const servers: AppServer[] = []
let gateway: RunningGateway | undefined
afterEach(async () => {
  gateway?.stop()
  gateway = undefined
  await Promise.all(servers.splice(0).map((server) => server.kill()))
})

/** Three app servers behind a gateway that looks at them often, and traffic that reaches them all. */
async function underTraffic(): Promise<{
  readonly traffic: Traffic
  readonly apps: readonly [AppServer, AppServer, AppServer]
  readonly running: RunningGateway
}> {
  const apps = await Promise.all([AppServer.start(), AppServer.start(), AppServer.start()])
  servers.push(...apps)
  const running = await startGateway({
    listeners: { edge: { bind: '127.0.0.1:0' } },
    upstreams: {
      app: {
        servers: apps.map(({ port }) => `http://127.0.0.1:${port}`),
        // In turn, requests and handshakes that alternate could fall into step with the servers: each
        // handshake would meet the one that stands still.
        balance: 'random-two',
        health: {
          path: '/healthz',
          interval: '100ms',
          timeout: '500ms',
          unhealthyAfter: 2,
          healthyAfter: 2,
        },
        ejection: { after: 3, time: '200ms' },
        // Nobody who waits for a server that stands still is given up.
        timeouts: { handshake: '30s' },
      },
    },
    routes: [{ name: 'main', proxy: 'app' }],
    admission: { connections: 2_000 },
  })
  gateway = running
  const traffic = new Traffic(running.port(), 15)
  await traffic.goesOn(30)
  return { traffic, apps, running }
}

/** Waits for a line about a server that is logged from now on. */
async function told({ log }: RunningGateway, msg: string, app: AppServer): Promise<void> {
  await log.line(msg, { server: `http://127.0.0.1:${app.port}` }, log.lines.length)
}

async function goneDown(
  app: AppServer,
  running: RunningGateway,
  how: () => unknown,
): Promise<void> {
  const down = told(running, 'server down', app)
  await how()
  await down
}

async function comeBack(
  app: AppServer,
  running: RunningGateway,
  how: () => unknown,
): Promise<void> {
  const up = told(running, 'server up', app)
  await how()
  await up
}

function by(app: AppServer, exchanges: readonly Exchange[]): Exchange[] {
  return exchanges.filter(({ server }) => server === String(app.port))
}

function figures({ exchanges }: Traffic): string {
  const kinds = (['request', 'handshake'] as const).map((kind) => {
    const all = exchanges.filter((one) => one.kind === kind)
    const lost = all.filter((one) => one.lost !== undefined).length
    const times = all.map(({ began, ended = Infinity }) => ended - began).toSorted((a, b) => a - b)
    const [median, last] = [times[times.length >> 1]!, times.at(-1)!]
    return `${all.length} ${kind}s, ${lost} lost, median ${median.toFixed(1)} ms, longest ${last.toFixed(0)} ms`
  })
  return kinds.join('; ')
}

test('a server that stops, dies or is slow costs what was in flight on it, and nothing else', async ({
  annotate,
}) => {
  const { traffic, apps, running } = await underTraffic()
  const [stopped, killed, slow] = apps

  await goneDown(stopped, running, () => stopped.stop())
  const stoppedFrom = performance.now()
  await traffic.goesOn(50)
  const stoppedTo = performance.now()
  await comeBack(stopped, running, () => stopped.goOn())

  slow.slowDown(100)
  const killedAt = performance.now()
  let killedBy = Infinity
  await goneDown(killed, running, async () => {
    await killed.kill()
    killedBy = performance.now()
  })
  await traffic.goesOn(50)
  await comeBack(killed, running, () => killed.restart())
  slow.slowDown(0)
  const allBack = performance.now()
  await traffic.goesOn(60)
  await traffic.end()
  await annotate(figures(traffic))

  const { exchanges } = traffic
  const lost = exchanges.filter((one) => one.lost !== undefined)
  expect(lost.filter(({ began, ended = 0 }) => began > killedBy || ended < killedAt)).toEqual([])
  // What was sent to the one that stood still was answered when it went on; nothing more was sent.
  const whileStopped = exchanges.filter(({ began }) => began > stoppedFrom && began < stoppedTo)
  expect(whileStopped.length).toBeGreaterThanOrEqual(100)
  expect(by(stopped, whileStopped)).toEqual([])
  const after = exchanges.filter(({ began }) => began > allBack)
  for (const app of apps) expect(by(app, after).length).toBeGreaterThan(20)
})

test('with two of three gone at once all are used, and still nothing else is lost', async ({
  annotate,
}) => {
  const { traffic, apps, running } = await underTraffic()
  const [stopped, killed, slow] = apps

  await goneDown(stopped, running, () => stopped.stop())
  slow.slowDown(100)
  const killedAt = performance.now()
  let killedBy = Infinity
  await goneDown(killed, running, async () => {
    await killed.kill()
    killedBy = performance.now()
  })
  await running.log.line('panic, all servers are used', { upstream: 'app', up: 1, ready: 3 })
  await traffic.goesOn(30)
  await Promise.all([
    comeBack(stopped, running, () => stopped.goOn()),
    comeBack(killed, running, () => killed.restart()),
  ])
  slow.slowDown(0)
  await running.log.line('panic is over', { upstream: 'app' })
  const allBack = performance.now()
  await traffic.goesOn(60)
  await traffic.end()
  await annotate(figures(traffic))

  const { exchanges } = traffic
  const lost = exchanges.filter((one) => one.lost !== undefined)
  expect(lost.filter(({ began, ended = 0 }) => began > killedBy || ended < killedAt)).toEqual([])
  const after = exchanges.filter(({ began }) => began > allBack)
  for (const app of apps) expect(by(app, after).length).toBeGreaterThan(20)
  const panics = running.log.lines.filter(({ msg }) => msg.startsWith('panic'))
  expect(panics.map(({ msg }) => msg)).toEqual(['panic, all servers are used', 'panic is over'])
})
