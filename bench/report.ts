import type { Sample } from './measure/sample.ts'
import { peers } from './peers.ts'
import type { PeerName } from './peers.ts'
import { figure, markdownTable, percent } from './table.ts'
import { ratio, verdicts } from './verdict.ts'
import type { Medians, Verdict } from './verdict.ts'
import type { Work } from './works.ts'

export interface WorkResult {
  readonly work: Work
  readonly medians: Medians
}

const head = [
  'work',
  'proxy',
  'per second',
  'CPU µs each',
  'ours / its',
  'goal',
  'p50 µs',
  'p99 µs',
  'memory',
  'proxy CPU',
  'load CPU',
  'backend CPU',
  'others CPU',
]

/** Every work and every proxy that did it, as one Markdown table. */
export function resultTable(results: readonly WorkResult[]): string {
  return markdownTable(head, results.flatMap(rowsOf))
}

function rowsOf({ work, medians }: WorkResult): string[][] {
  const judged = verdicts(work, medians)
  return [...medians].map(([peer, sample]) => row(work, peer, sample, medians, judged))
}

function row(
  work: Work,
  peer: PeerName,
  sample: Sample,
  medians: Medians,
  judged: readonly Verdict[],
): string[] {
  const isOurs = peer === 'drawbridge'
  const isMemory = work.unit === 'connection'
  return [
    work.name,
    peers[peer].title,
    figure(sample.perSecond),
    figure(sample.cpuUs),
    isOurs ? '' : figure(ratio(work, medians, peer)),
    judged
      .filter((verdict) => verdict.peer === peer)
      .map(verdictText)
      .join('; '),
    figure(sample.p50Us),
    figure(sample.p99Us),
    isMemory
      ? `${figure(sample.connectionBytes / 1024)} KB each`
      : `${figure(sample.memoryBytes / 2 ** 20)} MB`,
    percent(sample.proxyShare),
    percent(sample.loadShare),
    percent(sample.backendShare),
    percent(sample.othersShare),
  ]
}

function verdictText({ text, isMet }: Verdict): string {
  if (isMet === undefined) return text
  return `${text}: ${isMet ? 'met' : 'NOT MET'}`
}
