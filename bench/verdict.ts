import type { Sample } from './measure/sample.ts'
import type { PeerName } from './peers.ts'
import type { Goal, Work } from './works.ts'

export type Medians = ReadonlyMap<PeerName, Sample>

/** What one goal asks, and whether it is met; `isMet` is undefined where its peer was not measured. */
export interface Verdict {
  /** Whose row it belongs to. */
  readonly peer: PeerName
  readonly text: string
  readonly isMet: boolean | undefined
}

/** CPU per unit, ours divided by the peer's; memory per connection where that is what the work is about. */
export function ratio(work: Work, medians: Medians, peer: PeerName): number {
  const of = (sample: Sample | undefined): number =>
    (work.unit === 'connection' ? sample?.connectionBytes : sample?.cpuUs) ?? Number.NaN
  return of(medians.get('drawbridge')) / of(medians.get(peer))
}

export function verdicts(work: Work, medians: Medians): Verdict[] {
  return work.goals.map((goal) => judge(goal, work, medians))
}

function judge(goal: Goal, work: Work, medians: Medians): Verdict {
  switch (goal.kind) {
    case 'cpu': {
      const text = `≤ ${goal.atMost}`
      // As it is printed: nobody sees the third place.
      const value = Math.round(ratio(work, medians, goal.peer) * 100) / 100
      return { peer: goal.peer, text, isMet: known(value, value <= goal.atMost) }
    }
    case 'cheaper':
    case 'lessMemory': {
      const value = ratio(work, medians, goal.peer)
      return { peer: goal.peer, text: '< 1', isMet: known(value, value < 1) }
    }
    case 'memory': {
      const bytes = medians.get('drawbridge')?.connectionBytes ?? Number.NaN
      const text = `≤ ${goal.atMostBytes / 1024} KB`
      return { peer: 'drawbridge', text, isMet: known(bytes, bytes <= goal.atMostBytes) }
    }
  }
}

function known(value: number, isMet: boolean): boolean | undefined {
  return Number.isNaN(value) ? undefined : isMet
}
