import { expect, test } from 'vitest'
import { DurationHistogram } from '../../../src/observe/duration-histogram.ts'

test('counts an observation in its bucket and in every larger one', async () => {
  const histogram = new DurationHistogram('h', 'help', 'route')
  for (const seconds of [0.001, 0.002, 99]) histogram.observe('chat', seconds)
  const { values } = await histogram.get()
  const bucket = (le: number | string): number | undefined =>
    values.find(({ metricName, labels }) => metricName === 'h_bucket' && labels['le'] === le)?.value
  expect([bucket(0.001), bucket(0.0025), bucket(10), bucket('+Inf')]).toEqual([1, 2, 2, 3])
})

test('tells sum and count of each label value', async () => {
  const histogram = new DurationHistogram('h', 'help', 'route')
  histogram.observe('a', 1)
  histogram.observe('a', 2)
  histogram.observe('b', 4)
  const { values } = await histogram.get()
  expect(values.filter(({ metricName }) => !metricName.endsWith('bucket'))).toEqual([
    { metricName: 'h_sum', labels: { route: 'a' }, value: 3 },
    { metricName: 'h_count', labels: { route: 'a' }, value: 2 },
    { metricName: 'h_sum', labels: { route: 'b' }, value: 4 },
    { metricName: 'h_count', labels: { route: 'b' }, value: 1 },
  ])
})
