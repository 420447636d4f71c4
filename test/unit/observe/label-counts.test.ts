import { expect, test } from 'vitest'
import { LabelCounts } from '../../../src/observe/label-counts.ts'

function drained(counts: LabelCounts): [readonly string[], number][] {
  const found: [readonly string[], number][] = []
  counts.drain((values, amount) => found.push([values, amount]))
  return found
}

test('adds up by all label values together, and hands over once', () => {
  const counts = new LabelCounts()
  counts.add(['a', 'bc'])
  counts.add(['ab', 'c'], 2)
  counts.add(['a', 'bc'], 3)
  expect(drained(counts)).toEqual([
    [['a', 'bc'], 4],
    [['ab', 'c'], 2],
  ])
  expect(drained(counts)).toEqual([])
})

test('hands over a zero: the series is to exist', () => {
  const counts = new LabelCounts()
  counts.add(['a'], 0)
  expect(drained(counts)).toEqual([[['a'], 0]])
})
