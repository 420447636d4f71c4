/** What one round of one work on one proxy gave; NaN is what that work does not tell. */
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
  /** The same for the first ones of a process, whose heap has yet to grow. */
  readonly coldConnectionBytes: number
  /** How late the proxy's timers of 10 ms were, and those 10 ms: what its monitor calls event loop lag. */
  readonly loopP99Us: number
  /** Shares of one core: the proxy's, the load generator's, the backend's. */
  readonly proxyShare: number
  readonly loadShare: number
  readonly backendShare: number
  /** What ran on all cores beside these three, and what the hypervisor took. */
  readonly othersShare: number
}

export const unmeasured: Sample = {
  units: Number.NaN,
  perSecond: Number.NaN,
  cpuUs: Number.NaN,
  p50Us: Number.NaN,
  p99Us: Number.NaN,
  memoryBytes: Number.NaN,
  connectionBytes: Number.NaN,
  coldConnectionBytes: Number.NaN,
  loopP99Us: Number.NaN,
  proxyShare: Number.NaN,
  loadShare: Number.NaN,
  backendShare: Number.NaN,
  othersShare: Number.NaN,
}

/** @returns the median of an odd number of values, the lower one of the two in the middle else */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN
}

/** The median of each figure by itself. */
export function medianSample(samples: readonly Sample[]): Sample {
  const medians: Record<keyof Sample, number> = { ...unmeasured }
  for (const key of Object.keys(medians) as (keyof Sample)[]) {
    medians[key] = median(samples.map((sample) => sample[key]))
  }
  return medians
}
