import { expect, test } from 'vitest'
import { unmeasured } from '../../../bench/measure/sample.ts'
import type { Sample } from '../../../bench/measure/sample.ts'
import type { PeerName } from '../../../bench/peers.ts'
import { resultTable } from '../../../bench/report.ts'
import { works } from '../../../bench/works.ts'

/** The table of one work that Drawbridge did alone, each row by its columns. */
function table(name: string, warm: Partial<Sample>, cold?: Partial<Sample>) {
  const only = (sample: Partial<Sample>): Map<PeerName, Sample> =>
    new Map([['drawbridge', { ...unmeasured, ...sample }]])
  const work = works.find((one) => one.name === name)!
  const medians = only(warm)
  const text = resultTable([{ work, medians, cold: cold === undefined ? new Map() : only(cold) }])
  const [head, , ...rows] = text
    .split('\n')
    .map((line) => line.split('|').map((cell) => cell.trim()))
  return rows.map((row) => Object.fromEntries(row.map((cell, column) => [head![column]!, cell])))
}

test('what a fresh process costs has a column of its own', () => {
  expect(table('ws handshakes', { cpuUs: 361 }, { cpuUs: 812 })).toMatchObject([
    { 'CPU µs each': '361', 'cold CPU µs each': '812' },
  ])
})

test('memory is shown warm and cold, and judged warm', () => {
  const each = (warm: number, cold: number): Partial<Sample> => ({
    connectionBytes: warm * 1024,
    coldConnectionBytes: cold * 1024,
  })
  expect(table('memory, idle ws', each(9, 24.9))).toMatchObject([
    { memory: '9.00 KB each, 24.9 cold', goal: '≤ 14 KB: met' },
  ])
  expect(table('memory, idle ws', each(24.9, 9))).toMatchObject([
    { memory: '24.9 KB each, 9.00 cold', goal: '≤ 14 KB: NOT MET' },
  ])
})

test('what was not measured cold leaves its cell empty', () => {
  expect(table('ws handshakes', { cpuUs: 361 })).toMatchObject([{ 'cold CPU µs each': '' }])
})
