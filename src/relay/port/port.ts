/** How the other end of a port left: in order (FIN, close_notify), or torn off. */
export type EndKind = 'end' | 'reset'

/** Takes `bytes[from, to)`; false pauses. */
export type Sink = (bytes: Buffer, from: number, to: number) => boolean

/**
 * A socket as bytes, with back-pressure. One behaviour suite (test/unit/relay/port/port.test.ts) holds
 * for every implementation. The three callbacks are set by the owner before `read`.
 */
export interface Port {
  /**
   * The bytes that the sink gets are only lent to it for the call: they are the port's read buffer.
   * False: they are the sink's for good.
   */
  readonly lends: boolean
  /**
   * Starts reading. The sink may change `bytes[from, to)`; false pauses until `resume()`. Bytes may
   * still come after a pause: a TLS socket hands on what it has already decrypted. A sink that
   * throws ends this port alone.
   */
  read(sink: Sink): void
  /**
   * What has arrived comes in several reads a turn of the event loop: TLS hands on a record at a time.
   */
  readonly readsInPieces: boolean
  pause(): void
  resume(): void
  /**
   * Takes a copy, or writes at once.
   * @param more is bound to follow: these bytes may wait for it, as long as this turn of the event loop
   * lasts
   * @returns false when the producer should pause until `drained`
   */
  write(bytes: Buffer, from: number, to: number, more?: boolean): boolean
  /** As `write`, of bytes that nobody changes any more: they need no copy. */
  give(bytes: Buffer, from: number, to: number): boolean
  /** Called when what was written has left enough for more, after `write` returned false. */
  drained: () => void
  /**
   * How the other end left; an end may be told of during a pause. Called once, not after our own
   * `destroy`; a reset may follow an end and is then not told.
   */
  ended: (how: EndKind) => void
  /** The socket is gone, both ways. Called once, last. */
  closed: () => void
  /** Bytes written so far. */
  readonly writtenBytes: number
  /** Those of them that wait for the other end to take them. */
  readonly queuedBytes: number
  /** Grows with every byte received: compared by the sweep to see life. */
  readonly receivedBytes: number
  /**
   * Changes whenever the other end has taken something of what waited for it when this was last
   * read: compared by the sweep to see progress. Bytes that never waited prove nothing.
   */
  readonly progress: number
  /** Flushes, then FIN (close_notify before it on TLS). */
  end(): void
  /** Drops everything at once. */
  destroy(): void
  /** As `destroy`, with a TCP reset where the transport has one. */
  reset(): void
}
