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
import type { EchoTraffic, IdleTraffic, Outcome, Plan } from './plan.ts'

/** Opened before memory is read first: what a proxy pays once is not paid per connection. */
const firstConnections = 200

async function carryOut(plan: Plan): Promise<Sample> {
  const { target, traffic } = plan
  const meter = new Meter()
  switch (traffic.kind) {
    case 'echo':
      return await echo(plan, traffic, meter)
    case 'idle':
      return await idle(plan, traffic)
    case 'scale': {
      const { connections, settleMs, active } = traffic
      const clients = new Idle()
      const few = await memoryAt(plan, clients, firstConnections, plan.warmMs)
      const memoryBytes = await memoryAt(plan, clients, firstConnections + connections, settleMs)
      const connectionBytes = (memoryBytes - few) / connections
      return { ...(await echo(plan, active, meter)), memoryBytes, connectionBytes }
    }
    case 'handshake':
    case 'get': {
      const clients =
        traffic.kind === 'get'
          ? new Gets(target, traffic, meter)
          : new Handshakes(target, traffic, meter)
      const sample = await meter.measure(plan)
      await clients.stop()
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

async function idle(plan: Plan, traffic: IdleTraffic): Promise<Sample> {
  const { connections, further } = traffic
  const clients = new Idle()
  const few = await memoryAt(plan, clients, firstConnections, plan.warmMs)
  const some = await memoryAt(plan, clients, firstConnections + connections, plan.measureMs)
  const many = await memoryAt(
    plan,
    clients,
    firstConnections + connections + further,
    plan.measureMs,
  )
  return {
    ...unmeasured,
    units: connections + further,
    memoryBytes: many,
    connectionBytes: (many - some) / further,
    coldConnectionBytes: (some - few) / connections,
  }
}

/** Memory of the proxy with so many silent connections, when nothing has happened for a while. */
async function memoryAt(
  plan: Plan,
  clients: Idle,
  connections: number,
  settleMs: number,
): Promise<number> {
  await clients.openTo(plan.target, connections)
  await setTimeout(settleMs)
  clients.check()
  return memoryBytes(processTree(plan.proxyPid))
}

process.once('message', (plan: Plan) => {
  const leave = (outcome: Outcome): void => void process.send!(outcome, () => process.exit())
  carryOut(plan).then(
    (sample) => leave({ sample }),
    (error: unknown) => leave({ error: error instanceof Error ? error.message : String(error) }),
  )
})
