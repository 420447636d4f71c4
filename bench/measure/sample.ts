/** What one round of one work on one proxy gave. Memory works know no rates, the others no growth. */
export interface Sample {
  /** Messages, handshakes or requests that were finished while it was measured. */
  readonly units: number
  readonly perSecond: number
  /** CPU time of the proxy per unit. */
  readonly cpuUs: number
  readonly p50Us: number
  readonly p99Us: number
  /** Memory of the proxy (PSS) at the end. */
  readonly memoryBytes: number
  /** What one idle connection added to it. */
  readonly connectionBytes: number
  /** Shares of one core: the proxy's, the load generator's, the backend's. */
  readonly proxyShare: number
  readonly loadShare: number
  readonly backendShare: number
  /** What ran on all cores beside these three, and what the hypervisor took: little, or start again. */
  readonly othersShare: number
}

/** @returns the median of an odd number of values, the lower one of the two in the middle else */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

/** The median of each figure by itself. */
export function medianSample(samples: readonly Sample[]): Sample {
  const of = (key: keyof Sample): number => median(samples.map((sample) => sample[key]))
  return {
    units: of('units'),
    perSecond: of('perSecond'),
    cpuUs: of('cpuUs'),
    p50Us: of('p50Us'),
    p99Us: of('p99Us'),
    memoryBytes: of('memoryBytes'),
    connectionBytes: of('connectionBytes'),
    proxyShare: of('proxyShare'),
    loadShare: of('loadShare'),
    backendShare: of('backendShare'),
    othersShare: of('othersShare'),
  }
}
