/**
 * Answers a question that is asked again, while its answer is on its way, with that answer, or that
 * failure.
 */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>()

  run(key: string, ask: () => Promise<T>): Promise<T> {
    const known = this.#flights.get(key)
    if (known !== undefined) return known
    const flight = ask().finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }
}
