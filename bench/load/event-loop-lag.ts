/**
 * Reads how late the timers of our proxy's event loop are, from its metrics.
 * @returns the 99th percentile in microseconds since it was last asked, that timer's 10 ms included
 */
export async function eventLoopLag(monitorPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${monitorPort}/metrics`)
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await answer.text())?.[1]
  return seconds === undefined ? Number.NaN : Number(seconds) * 1e6
}
