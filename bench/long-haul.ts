/**
 * A gateway under everything at once, for as long as one likes: sessions of all kinds, whose every
 * byte is checked in order.
 *
 *     npm run bench:long-haul -- --minutes 10
 *     npm run bench:long-haul -- --minutes 1 --collect-every 20 --gateway-node-flags="--gc-interval=2000"
 *
 * DRAWBRIDGE_FAST_PATH goes through to the gateway. Ends with 1 where anything was wrong.
 */
import { parseArgs } from 'node:util'
import type { GatewayProcess } from './soak/gateway-process.ts'
import { maxPieceBytes } from './soak/payload.ts'
import { soak } from './soak/soak.ts'
import type { Totals } from './soak/soak.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    lanes: { type: 'string', default: '32' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    'gateway-node-flags': { type: 'string', default: '' },
    'collect-every': { type: 'string', default: '0' },
  },
})
const seed = Number(values.seed)
console.log(`seed ${seed}, ${values.lanes} sessions at once`)

const startedAt = performance.now()
let timer: NodeJS.Timeout | undefined
let faultsTold = 0
const totals = await soak(
  {
    seed,
    forMs: Number(values.minutes) * 60_000,
    lanes: Number(values.lanes),
    largestBytes: maxPieceBytes,
    readers: 'mixed',
    nodeFlags: values['gateway-node-flags'].split(' ').filter((flag) => flag !== ''),
    collectEveryMs: Number(values['collect-every']),
  },
  (running, gateway) => {
    console.log(`data path ${gateway.dataPath}`)
    timer = setInterval(() => {
      console.log(progress(running, gateway))
      tellFaults(running)
    }, 60_000)
  },
)
clearInterval(timer)
console.log(`${summary(totals)}; left open: ${JSON.stringify(totals.left)}`)
tellFaults(totals)
process.exitCode = totals.wrong.length === 0 ? 0 : 1

function tellFaults({ wrong }: Totals): void {
  for (const fault of wrong.slice(faultsTold)) console.log(`WRONG ${fault}`)
  faultsTold = wrong.length
}

function progress(running: Totals, gateway: GatewayProcess): string {
  const { rssBytes } = gateway.memory
  return `${summary(running)}; gateway ${mebibytes(rssBytes)} MiB, ${gateway.openSockets} sockets`
}

function summary({ sessions, bytes, byEnding, byKind, mismatches }: Totals): string {
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1)
  const list = (counts: Record<string, number>): string =>
    Object.entries(counts)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ')
  return `${minutes} min: ${sessions} sessions, ${mebibytes(bytes)} MiB, ${mismatches} mismatches (${list(byKind)}; ${list(byEnding)})`
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0)
}
