import { expect, test } from 'vitest'
import { straightLine } from '../../../bench/measure/straight-line.ts'

test('points on a line have its slope and none is off', () => {
  const line = straightLine([
    [1, 12],
    [2, 14],
    [5, 20],
  ])
  expect(line.slope).toBeCloseTo(2)
  expect(line.intercept).toBeCloseTo(10)
  expect(line.worst).toBeCloseTo(0)
})

test('a bend shows in the farthest point', () => {
  const { worst } = straightLine([
    [1, 10],
    [2, 10],
    [3, 10],
    [4, 30],
  ])
  expect(worst).toBeGreaterThan(0.2)
})
