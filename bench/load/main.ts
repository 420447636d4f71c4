/** The load generator's process: one plan in, one outcome out. */
import { setTimeout } from 'node:timers/promises'
import { memoryBytes, processTree } from '../measure/process-tree.ts'
import { unmeasured } from '../measure/sample.ts'
import type { Sample } from '../measure/sample.ts'
import { Echo } from './echo.ts'
import { Gets } from './get.ts'
import { Handshakes } from './handshake.ts'
import { Idle } from './idle.ts'
import { Meter } from './meter.ts'
import type { EchoTraffic, Outcome, Plan } from './plan.ts'

/** Opened before memory is read first: what a proxy pays once is not paid per connection. */
const firstConnections = 200

async function carryOut(plan: Plan): Promise<Sample> {
  const { target, traffic } = plan
  const meter = new Meter()
  switch (traffic.kind) {
    case 'echo':
      return await echo(plan, traffic, meter)
    case 'idle':
      return await idle(plan, traffic.connections, plan.measureMs)
    case 'scale': {
      const grown = await idle(plan, traffic.connections, traffic.settleMs)
      const { memoryBytes, connectionBytes } = grown
      return { ...(await echo(plan, traffic.active, meter)), memoryBytes, connectionBytes }
    }
    case 'handshake':
    case 'get': {
      const clients =
        traffic.kind === 'get'
          ? new Gets(target, traffic, meter)
          : new Handshakes(target, traffic, meter)
      const sample = await meter.measure(plan)
      clients.stop()
      clients.check()
      return sample
    }
  }
}

async function echo(plan: Plan, traffic: EchoTraffic, meter: Meter): Promise<Sample> {
  const clients = new Echo()
  await clients.open(plan.target, traffic, meter)
  const sample = await meter.measure(plan)
  await clients.stop()
  return sample
}

async function idle(plan: Plan, connections: number, settleMs: number): Promise<Sample> {
  const clients = new Idle()
  await clients.openTo(plan.target, firstConnections)
  await setTimeout(plan.warmMs)
  const before = memoryBytes(processTree(plan.proxyPid))
  await clients.openTo(plan.target, firstConnections + connections)
  await setTimeout(settleMs)
  clients.check()
  const after = memoryBytes(processTree(plan.proxyPid))
  const connectionBytes = (after - before) / connections
  return { ...unmeasured, units: connections, memoryBytes: after, connectionBytes }
}

process.once('message', (plan: Plan) => {
  const leave = (outcome: Outcome): void => void process.send!(outcome, () => process.exit())
  carryOut(plan).then(
    (sample) => leave({ sample }),
    (error: unknown) => leave({ error: error instanceof Error ? error.message : String(error) }),
  )
})
