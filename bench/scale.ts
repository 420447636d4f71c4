/** `npm run bench:scale`: what idle connections cost, and whether it is the same for each. */
import { parseArgs } from 'node:util'
import { machineLine } from './machine.ts'
import type { Sample } from './measure/sample.ts'
import { straightLine } from './measure/straight-line.ts'
import { figure, markdownTable, percent } from './table.ts'
import { Testbed } from './testbed.ts'
import { undisturbed } from './undisturbed.ts'

const active = { kind: 'echo', connections: 64, payloadBytes: 64, window: 1 } as const
const settleMs = 10_000
/** A point may lie so far from the line: pages of the heap come in lumps. */
const tolerance = 0.05

const usage = `npm run bench:scale -- [options]

  --connections A,B,…   idle connections (default 1000,3000,5000,7000,9000)
  --seconds N           measured time of the active ones, at each step (default 4)
  --attempts N          times that a step is tried while others use over 10 % of a core (default 3)
  --tls                 wss instead of ws
`

/** One step, on a proxy of its own: what the one before has left behind does not count. */
async function step(
  bed: Testbed,
  connections: number,
  measureMs: number,
  tls: boolean,
): Promise<Sample> {
  await bed.start('drawbridge')
  try {
    const traffic = { kind: 'scale', connections, settleMs, active } as const
    return await bed.round('drawbridge', { tls, path: '/', traffic, warmMs: 2000, measureMs })
  } finally {
    await bed.stop('drawbridge')
  }
}

async function run(steps: readonly number[], measureMs: number, tls: boolean): Promise<void> {
  const machine = machineLine()
  const samples: (readonly [connections: number, sample: Sample])[] = []
  const bed = await Testbed.open()
  try {
    for (const connections of steps) {
      process.stderr.write(`${connections} idle connections\n`)
      const sample = await undisturbed(attempts, async () => {
        return await step(bed, connections, measureMs, tls)
      })
      samples.push([connections, sample])
    }
  } finally {
    await bed.close()
  }
  const head = [
    'idle',
    'active',
    'memory',
    'KB each',
    'messages/s',
    'CPU µs each',
    'p50 µs',
    'p99 µs',
    'event loop p99 ms',
    'proxy CPU',
    'others CPU',
  ]
  const rows = samples.map(([connections, sample]) => [
    connections.toLocaleString('en-US'),
    String(active.connections),
    `${figure(sample.memoryBytes / 2 ** 20)} MB`,
    figure(sample.connectionBytes / 1024),
    figure(sample.perSecond),
    figure(sample.cpuUs),
    figure(sample.p50Us),
    figure(sample.p99Us),
    figure(sample.loopP99Us / 1000),
    percent(sample.proxyShare),
    percent(sample.othersShare),
  ])
  const kind = tls ? 'wss' : 'ws'
  process.stdout.write(`${machine}; ${kind}.\n\n${markdownTable(head, rows)}\n`)
  if (samples.length < 3) return
  const line = straightLine(samples.map(([x, { memoryBytes }]) => [x, memoryBytes] as const))
  process.stdout.write(
    `\nMemory is ${line.worst <= tolerance ? 'a straight line' : 'NO straight line'}: ` +
      `${figure(line.intercept / 2 ** 20)} MB and ${figure(line.slope / 1024)} KB for each connection; ` +
      `the farthest point lies ${(line.worst * 100).toFixed(1)} % off.\n`,
  )
}

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '1000,3000,5000,7000,9000' },
    seconds: { type: 'string', default: '4' },
    attempts: { type: 'string', default: '3' },
    tls: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})
const steps = values.connections.split(',').map(Number)
const seconds = Number(values.seconds)
const attempts = Number(values.attempts)
if (values.help) process.stdout.write(usage)
else if (steps.every((count) => count > 0) && seconds > 0 && attempts > 0)
  await run(steps, seconds * 1000, values.tls)
else {
  process.stderr.write(usage)
  process.exitCode = 2
}
