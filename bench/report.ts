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
  /** Fresh processes under their first load. */
  readonly cold: Medians
}

const head = [
  'work',
  'proxy',
  'per second',
  'CPU µs each',
  'cold CPU µs each',
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

function rowsOf(result: WorkResult): string[][] {
  const judged = verdicts(result.work, result.medians)
  return [...result.medians].map(([peer, sample]) => row(result, peer, sample, judged))
}

function row(
  { work, medians, cold }: WorkResult,
  peer: PeerName,
  sample: Sample,
  judged: readonly Verdict[],
): string[] {
  const isOurs = peer === 'drawbridge'
  return [
    work.name,
    peers[peer].title,
    figure(sample.perSecond),
    figure(sample.cpuUs),
    figure(cold.get(peer)?.cpuUs ?? Number.NaN),
    isOurs ? '' : figure(ratio(work, medians, peer)),
    judged
      .filter((verdict) => verdict.peer === peer)
      .map(verdictText)
      .join('; '),
    figure(sample.p50Us),
    figure(sample.p99Us),
    memory(work, sample),
    percent(sample.proxyShare),
    percent(sample.loadShare),
    percent(sample.backendShare),
    percent(sample.othersShare),
  ]
}

function memory({ unit }: Work, sample: Sample): string {
  if (unit !== 'connection') return `${figure(sample.memoryBytes / 2 ** 20)} MB`
  const [warm, cold] = [sample.connectionBytes, sample.coldConnectionBytes]
  return `${figure(warm / 1024)} KB each, ${figure(cold / 1024)} cold`
}

function verdictText({ text, isMet }: Verdict): string {
  if (isMet === undefined) return text
  return `${text}: ${isMet ? 'met' : 'NOT MET'}`
}
