/** The line that fits points best by least squares. */
export interface Line {
  readonly slope: number
  readonly intercept: number
  /** How far the farthest point lies from it, as a share of that point's own value. */
  readonly worst: number
}

export function straightLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length
  const meanX = mean(points.map(([x]) => x))
  const meanY = mean(points.map(([, y]) => y))
  const covariance = mean(points.map(([x, y]) => (x - meanX) * (y - meanY)))
  const slope = covariance / mean(points.map(([x]) => (x - meanX) ** 2))
  const intercept = meanY - slope * meanX
  const worst = Math.max(...points.map(([x, y]) => Math.abs(intercept + slope * x - y) / y))
  return { slope, intercept, worst }
}
