/**
 * A gateway under everything at once, for as long as one likes: sessions of all kinds, whose every
 * byte is checked in order.
 *
 *     npm run bench:long-haul -- --minutes 10
 *     npm run bench:long-haul -- --minutes 1 --collect-every 20 --gateway-node-flags="--gc-interval=2000"
 *
 * DRAWBRIDGE_FAST_PATH goes through to the gateway. Ends with 1 where anything was wrong.
 */
import { readFlags } from './soak/flags.ts'
import type { GatewayProcess } from './soak/gateway-process.ts'
import { maxPieceBytes } from './soak/payload.ts'
import { soak } from './soak/soak.ts'
import type { Totals } from './soak/soak.ts'

const usage = `npm run bench:long-haul -- [options]

  --minutes N                how long (default 10)
  --lanes N                  sessions at once (default 32)
  --seed N                   of everything that is random (default: another one each time, which is told)
  --collect-every MS         the gateway collects all garbage so often (default 0: never)
  --gateway-node-flags TEXT  flags for the gateway's Node, such as "--gc-interval=2000"
`

const flags = readFlags(usage, {
  minutes: 10,
  lanes: 32,
  seed: Date.now() % 1_000_000_000,
  'collect-every': 0,
  'gateway-node-flags': '',
})
const { seed, lanes } = flags
console.log(`seed ${seed}, ${lanes} sessions at once`)

const startedAt = performance.now()
let timer: NodeJS.Timeout | undefined
let faultsTold = 0
const totals = await soak(
  {
    seed,
    forMs: flags.minutes * 60_000,
    lanes,
    largestBytes: maxPieceBytes,
    readers: 'mixed',
    nodeFlags: flags['gateway-node-flags'].split(' ').filter((flag) => flag !== ''),
    collectEveryMs: flags['collect-every'],
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
