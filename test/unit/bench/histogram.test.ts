import { expect, test } from 'vitest'
import { Histogram } from '../../../bench/measure/histogram.ts'

test('percentiles are right within 1.6 %, from one microsecond to a minute', () => {
  for (const us of [1, 17, 250, 3_999, 123_456, 60_000_000]) {
    const histogram = new Histogram()
    histogram.record(us)
    expect(Math.abs(histogram.percentile(0.5) / us - 1)).toBeLessThan(0.016)
  }
})

test('a percentile is the reading of that rank', () => {
  const histogram = new Histogram()
  for (let us = 1; us <= 1_000; us++) histogram.record(us * 10)
  expect(histogram.total).toBe(1_000)
  expect(histogram.percentile(0.5)).toBeCloseTo(5_000, -2)
  expect(histogram.percentile(0.99) / 9_900).toBeCloseTo(1, 1)
  expect(histogram.percentile(1) / 10_000).toBeCloseTo(1, 1)
})

test('one slow reading in a hundred shows behind the 99th percentile only', () => {
  const histogram = new Histogram()
  for (let i = 0; i < 99; i++) histogram.record(10)
  histogram.record(50_000)
  expect(histogram.percentile(0.99)).toBeLessThan(11)
  expect(histogram.percentile(0.995)).toBeGreaterThan(49_000)
})

test('what is beyond either end counts there', () => {
  const histogram = new Histogram()
  histogram.record(0)
  histogram.record(1e12)
  expect(histogram.total).toBe(2)
  expect(histogram.percentile(0.5)).toBeLessThan(1.02)
  expect(histogram.percentile(1)).toBeGreaterThan(60_000_000)
})

test('no reading has no percentile', () => {
  expect(new Histogram().percentile(0.5)).toBeNaN()
})
