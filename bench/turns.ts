import type { Sample } from './measure/sample.ts'
import type { Options } from './options.ts'
import { peers } from './peers.ts'
import type { PeerName } from './peers.ts'
import type { Testbed } from './testbed.ts'
import { undisturbed } from './undisturbed.ts'
import type { Work } from './works.ts'

/** What one work gave, by proxy. */
export interface Measured {
  readonly work: Work
  /** A process that has just been started, under its first load; empty where that was left out. */
  readonly cold: ReadonlyMap<PeerName, Sample>
  readonly rounds: ReadonlyMap<PeerName, readonly Sample[]>
  /** One line for each proxy that failed; it is in neither map then. */
  readonly failures: readonly string[]
}

export type MeasureOptions = Pick<
  Options,
  'rounds' | 'attempts' | 'warmMs' | 'rewarmMs' | 'coldMs' | 'measureMs' | 'settleMs'
>

/** All rounds of one work on all of its proxies. */
export class Turns {
  readonly #work: Work
  readonly #bed: Pick<Testbed, 'start' | 'stop' | 'round'>
  readonly #options: MeasureOptions
  /** Told what begins, as one line. */
  readonly #progress: (line: string) => void
  readonly #cold = new Map<PeerName, Sample>()
  readonly #rounds: Map<PeerName, Sample[]>
  readonly #failures: string[] = []

  constructor(
    work: Work,
    names: readonly PeerName[],
    bed: Pick<Testbed, 'start' | 'stop' | 'round'>,
    options: MeasureOptions,
    progress: (line: string) => void,
  ) {
    this.#work = work
    this.#bed = bed
    this.#options = options
    this.#progress = progress
    this.#rounds = new Map(names.map((name) => [name, []]))
  }

  async take(): Promise<Measured> {
    const names = [...this.#rounds.keys()]
    try {
      if (this.#work.traffic.kind === 'idle') {
        for (const name of names) await this.#attempt(name, async () => await this.#grow(name))
      } else {
        for (const name of names) await this.#attempt(name, async () => await this.#begin(name))
        // One after another in each round: what drifts with the time of day drifts for all.
        for (let round = 0; round < this.#options.rounds; round++) {
          for (const name of names) {
            await this.#attempt(name, async () => await this.#warm(name, round))
          }
        }
      }
    } finally {
      for (const name of names) await this.#bed.stop(name)
    }
    return {
      work: this.#work,
      cold: this.#cold,
      rounds: this.#rounds,
      failures: this.#failures,
    }
  }

  /** A proxy that fails is left out from there on; the others go on. */
  async #attempt(name: PeerName, step: () => Promise<void>): Promise<void> {
    if (!this.#rounds.has(name)) return
    try {
      await step()
    } catch (error) {
      this.#rounds.delete(name)
      this.#cold.delete(name)
      const message = error instanceof Error ? error.message : String(error)
      this.#failures.push(`${this.#work.name}: ${message}`)
    }
  }

  async #begin(name: PeerName): Promise<void> {
    const { coldMs, attempts } = this.#options
    if (coldMs === 0) {
      await this.#bed.start(name)
      return
    }
    const sample = await undisturbed(attempts, async () => {
      await this.#bed.stop(name)
      await this.#bed.start(name)
      return await this.#round(name, 'cold', 0, coldMs)
    })
    this.#cold.set(name, sample)
  }

  async #warm(name: PeerName, round: number): Promise<void> {
    const { attempts, coldMs, measureMs, rewarmMs, rounds } = this.#options
    // The load that was measured cold has warmed it up as well.
    const owedMs = (this.#options.warmMs ?? this.#work.warmMs) - coldMs
    let warmMs = round === 0 ? Math.max(rewarmMs, owedMs) : rewarmMs
    const sample = await undisturbed(attempts, async () => {
      const title = `round ${round + 1} of ${rounds}`
      const taken = await this.#round(name, title, warmMs, measureMs)
      warmMs = rewarmMs
      return taken
    })
    this.#rounds.get(name)!.push(sample)
  }

  /**
   * Memory grows once: what closed connections have left is used again by those that follow, which
   * then seem to take less than they do.
   */
  async #grow(name: PeerName): Promise<void> {
    await this.#bed.start(name)
    const { settleMs } = this.#options
    const sample = await this.#round(name, 'once', this.#work.warmMs, settleMs)
    this.#rounds.get(name)!.push(sample)
    await this.#bed.stop(name)
  }

  async #round(name: PeerName, title: string, warmMs: number, measureMs: number): Promise<Sample> {
    const warming = warmMs > 0 ? `, ${warmMs / 1000} s before it` : ''
    this.#progress(`${this.#work.name}: ${peers[name].title}, ${title}${warming}`)
    const { tls, path, traffic } = this.#work
    const asked = name === 'relay' ? '/' : path
    return await this.#bed.round(name, { tls, path: asked, traffic, warmMs, measureMs })
  }
}
