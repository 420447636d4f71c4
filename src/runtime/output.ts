import type { Writable } from 'node:stream'

/** Time in which a reader of our output may take what is left of it before the process ends. */
const flushMs = 1_000

/**
 * Lets the process outlive the readers of its output: a pipe whose other end has gone is an error
 * event, which without a listener would be the end of every session.
 */
export function surviveLostReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
}

/** Resolves when everything that was written is out, or when its reader has had its time. */
export async function flushOutput(): Promise<void> {
  await Promise.all([flush(process.stdout), flush(process.stderr)])
}

/** Ends the process once its output is out. */
export function exitFlushed(exitCode: number): void {
  void flushOutput().then(() => process.exit(exitCode))
}

async function flush(stream: Writable): Promise<void> {
  if (stream.writableLength === 0) return
  await new Promise<void>((resolve) => {
    const late = setTimeout(resolve, flushMs)
    // Writes come out in order, so this one's callback speaks for all before it; after an error it
    // is called too.
    stream.write('', () => {
      clearTimeout(late)
      resolve()
    })
  })
}
