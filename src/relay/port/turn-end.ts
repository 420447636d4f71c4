/** What holds bytes back for no longer than a turn of the event loop. */
export interface Holder {
  /** Must not throw. */
  flush(): void
}

/** Flushes at the end of a turn what was held in it. One for all holders: a turn has one immediate. */
export class TurnEnd {
  #holders: Holder[] = []

  /** @param holder is flushed in the next check phase, where nothing has been read since this one */
  add(holder: Holder): void {
    if (this.#holders.push(holder) === 1) setImmediate(this.#flush)
  }

  readonly #flush = (): void => {
    const holders = this.#holders
    this.#holders = []
    for (const holder of holders) holder.flush()
  }
}
