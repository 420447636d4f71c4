/** Seconds: a handshake on the same machine takes a millisecond, a deadline ten seconds. */
const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

interface Series {
  /** Observations of each bucket alone, and at last of those beyond them all. */
  readonly counts: number[]
  sum: number
}

interface Sample {
  readonly metricName: string
  readonly labels: Record<string, string | number>
  readonly value: number
}

/**
 * A histogram of durations by one label, in the shape that prom-client renders. Its own validates,
 * sorts and joins the labels at every observation, and keeps cumulated buckets up to date.
 */
export class DurationHistogram {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #label: string
  readonly #series = new Map<string, Series>()

  constructor(name: string, help: string, label: string) {
    this.name = name
    this.help = help
    this.#label = label
  }

  observe(value: string, seconds: number): void {
    let series = this.#series.get(value)
    if (series === undefined) {
      series = { counts: Array<number>(buckets.length + 1).fill(0), sum: 0 }
      this.#series.set(value, series)
    }
    let at = 0
    while (at < buckets.length && seconds > buckets[at]!) at++
    series.counts[at]!++
    series.sum += seconds
  }

  /** What prom-client asks a metric for. */
  get(): Promise<{
    name: string
    help: string
    type: string
    aggregator: string
    values: Sample[]
  }> {
    const { name, help, type, aggregator } = this
    const values = [...this.#series].flatMap(([value, series]) => this.#samples(value, series))
    return Promise.resolve({ name, help, type, aggregator, values })
  }

  reset(): void {
    this.#series.clear()
  }

  #samples(value: string, { counts, sum }: Series): Sample[] {
    const own = { [this.#label]: value }
    let count = 0
    const samples = counts.map((inBucket, at): Sample => {
      count += inBucket
      const le = buckets[at] ?? '+Inf'
      return { metricName: `${this.name}_bucket`, labels: { le, ...own }, value: count }
    })
    const total = (what: 'sum' | 'count', amount: number): Sample => ({
      metricName: `${this.name}_${what}`,
      labels: own,
      value: amount,
    })
    return [...samples, total('sum', sum), total('count', count)]
  }
}
