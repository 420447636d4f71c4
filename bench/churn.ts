/**
 * Connections by the thousand that come, are used and go, over and over: what a gateway still holds
 * after each round. Its garbage is collected before memory is read, by its own `gc()`, which a
 * preload calls.
 *
 *     npm run bench:churn -- --connections 9000 --rounds 5
 *
 * Ends with 1 where a socket or a session is left, or where memory after the last round is more
 * than a tenth above that after the first. The gateway needs two files for each connection.
 */
import { churn } from './soak/churn.ts'
import type { Round } from './soak/churn.ts'
import { readFlags } from './soak/flags.ts'

const usage = `npm run bench:churn -- [options]

  --connections N   in each round (default 9000; the gateway needs two files for each)
  --rounds N        (default 5)
`

const options = readFlags(usage, { connections: 9_000, rounds: 5 })
const tolerance = 1.1

console.log(
  '| round | sockets, all open | RSS, all open | RSS after | PSS after | used after | sockets, sessions left |',
)
console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
const rounds = await churn(
  options,
  ({ number, socketsOpen, memoryOpen, memoryLeft, usedBytes, left }) => {
    const figures = [memoryOpen.rssBytes, memoryLeft.rssBytes, memoryLeft.pssBytes, usedBytes]
    const memory = figures.map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`)
    console.log(
      `| ${[number, socketsOpen, ...memory, `${left.sockets}, ${left.sessions}`].join(' | ')} |`,
    )
  },
)
const [first, last] = [rounds[1], rounds.at(-1)] as [Round, Round]
const growth = last.memoryLeft.pssBytes / first.memoryLeft.pssBytes
const leaks = rounds.some(({ left }) => left.sockets + left.sessions + left.connections > 0)
console.log(`memory after the last round is ${growth.toFixed(3)} times that after the first`)
process.exitCode = leaks || growth > tolerance ? 1 : 0
