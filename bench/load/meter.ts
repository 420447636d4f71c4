import { setTimeout } from 'node:timers/promises'
import { Histogram } from '../measure/histogram.ts'
import { cpuUs, machineCpuUs, memoryBytes, processTree } from '../measure/process-tree.ts'
import { unmeasured } from '../measure/sample.ts'
import type { Sample } from '../measure/sample.ts'
import { eventLoopLag } from './event-loop-lag.ts'
import type { Plan } from './plan.ts'

/** Counts what is finished while it is measured, and what it cost. */
export class Meter {
  #units = 0
  #latency = new Histogram()
  #isMeasuring = false

  /** @param startedMs when the unit began, on the clock of `performance.now` */
  finished(startedMs: number, nowMs: number): void {
    if (!this.#isMeasuring) return
    this.#units += 1
    this.#latency.record((nowMs - startedMs) * 1000)
  }

  /** Measures traffic that is under way already. */
  async measure(plan: Plan): Promise<Sample> {
    await setTimeout(plan.warmMs)
    const proxy = processTree(plan.proxyPid)
    const used = (): readonly number[] => [
      cpuUs(proxy),
      cpuUs([process.pid]),
      cpuUs([plan.backendPid]),
      machineCpuUs(),
    ]
    // What is read once is counted anew from there.
    if (plan.monitorPort !== undefined) await eventLoopLag(plan.monitorPort)
    this.#units = 0
    this.#latency = new Histogram()
    this.#isMeasuring = true
    const start = performance.now()
    const before = used()
    await setTimeout(plan.measureMs)
    this.#isMeasuring = false
    const after = used()
    const elapsedUs = (performance.now() - start) * 1000
    const [proxyUs = 0, loadUs = 0, backendUs = 0, machineUs = 0] = after.map(
      (us, i) => us - before[i]!,
    )
    const loopP99Us =
      plan.monitorPort === undefined ? Number.NaN : await eventLoopLag(plan.monitorPort)
    return {
      ...unmeasured,
      loopP99Us,
      units: this.#units,
      perSecond: (this.#units / elapsedUs) * 1e6,
      cpuUs: proxyUs / this.#units,
      p50Us: this.#latency.percentile(0.5),
      p99Us: this.#latency.percentile(0.99),
      memoryBytes: memoryBytes(proxy),
      proxyShare: proxyUs / elapsedUs,
      loadShare: loadUs / elapsedUs,
      backendShare: backendUs / elapsedUs,
      // Never below none: the kernel counts it in ticks.
      othersShare: Math.max(0, machineUs - proxyUs - loadUs - backendUs) / elapsedUs,
    }
  }
}
