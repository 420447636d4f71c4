import { expect, test } from 'vitest'
import { LabelCounts } from '../../../src/observe/label-counts.ts'

function drained(counts: LabelCounts): [string, string, number][] {
  const found: [string, string, number][] = []
  counts.drain((first, second, amount) => found.push([first, second, amount]))
  return found
}

test('adds up by both label values together, and hands over once', () => {
  const counts = new LabelCounts()
  counts.add('a', 'bc')
  counts.add('ab', 'c', 2)
  counts.add('a', 'c')
  counts.add('a', 'bc', 3)
  expect(drained(counts)).toEqual([
    ['a', 'bc', 4],
    ['a', 'c', 1],
    ['ab', 'c', 2],
  ])
  expect(drained(counts)).toEqual([])
})

test('hands over a zero: the series is to exist', () => {
  const counts = new LabelCounts()
  counts.add('a', 'b', 0)
  expect(drained(counts)).toEqual([['a', 'b', 0]])
})
