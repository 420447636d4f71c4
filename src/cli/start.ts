import { exitFlushed, surviveLostReaders } from '../runtime/output.ts'
import { makeAllYoung } from '../runtime/pretenuring.ts'
import { main } from './main.ts'

/** The process from its first line to its last. */
export function start(): void {
  makeAllYoung()
  surviveLostReaders()
  main(process.argv.slice(2)).then(exitFlushed, (error: unknown) => {
    // Only a bug in `main` itself gets here.
    process.stderr.write(`${String(error)}\n`)
    exitFlushed(1)
  })
}
