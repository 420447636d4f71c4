/** What the process does with what happens to it. None of these may throw. */
export interface SignalActions {
  /** SIGTERM or SIGINT for the first time. */
  stop(signal: NodeJS.Signals): void
  /** The same a second time: whoever sends it does not want to wait. */
  abandon(signal: NodeJS.Signals): void
  /** SIGHUP. */
  reload(): void
  /** Something was thrown that nobody caught. What state we are in is not known. */
  crashed(error: unknown): void
}

/** Listens to the process. @returns a function that ends it */
export function handleSignals(actions: SignalActions): () => void {
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) actions.abandon(signal)
    else actions.stop(signal)
    stopping = true
  }
  const reload = (): void => actions.reload()
  const crashed = (error: unknown): void => actions.crashed(error)
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('SIGHUP', reload)
  // Unhandled rejections arrive here as well: that is Node's default.
  process.on('uncaughtException', crashed)
  return () => {
    process.off('SIGTERM', stop)
    process.off('SIGINT', stop)
    process.off('SIGHUP', reload)
    process.off('uncaughtException', crashed)
  }
}
