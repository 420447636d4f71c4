/** Buckets per power of two: a reading is off by 1.6 % at most. */
const stepsPerOctave = 64
const octaves = 26

/**
 * Latencies in microseconds, from 1 us to a minute, in buckets that grow with the value. Recording
 * allocates nothing.
 */
export class Histogram {
  readonly #counts = new Uint32Array(stepsPerOctave * octaves)
  #total = 0

  get total(): number {
    return this.#total
  }

  record(us: number): void {
    const bucket = us <= 1 ? 0 : Math.floor(Math.log2(us) * stepsPerOctave)
    const last = this.#counts.length - 1
    const at = bucket < last ? bucket : last
    this.#counts[at] = this.#counts[at]! + 1
    this.#total += 1
  }

  /**
   * @param fraction 0.5 for the median
   * @returns the middle of the bucket in which that reading lies; NaN where nothing was recorded
   */
  percentile(fraction: number): number {
    if (this.#total === 0) return Number.NaN
    const rank = Math.max(1, Math.ceil(fraction * this.#total))
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (seen >= rank) return 2 ** ((bucket + 0.5) / stepsPerOctave)
    }
    return Number.NaN
  }
}
