import type { LookupAddress } from 'node:dns'
import { isDeepStrictEqual } from 'node:util'
import { GatewayError } from '../errors.ts'
import { askAddresses, askServices, codeOf, questionParts } from './resolve-question.ts'
import type { QuestionParts } from './resolve-question.ts'
import type { Service } from './resolve-services.ts'

/** Names to addresses. */
export interface NameResolver {
  /**
   * One address or more, in the order of trying.
   * @throws {GatewayError} `upstream-unresolved`; the signal's reason
   */
  addresses(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]>
  /**
   * The hosts that a SRV record names, at least one.
   * @throws {GatewayError} `upstream-unresolved`; the signal's reason
   */
  services(name: string, signal: AbortSignal): Promise<readonly Service[]>
  /**
   * Follows what a name leads to, with a question whenever its time to live is over.
   * @param found called when it has become known and when it has changed; not while the DNS fails
   * @returns ends it
   */
  watchAddresses(name: string, found: (addresses: readonly LookupAddress[]) => void): () => void
  watchServices(name: string, found: (services: readonly Service[]) => void): () => void
}

/** What a name has led to, and how long that may be relied on. Times are those of `performance.now()`. */
interface Known<T> {
  readonly value: T
  readonly until: number
}

/** While the DNS fails, an answer is good for so much longer (RFC 8767 has days; this is an edge). */
const staleMs = 300_000
/** Of names, which clients may choose. */
const mostNames = 1_000

/**
 * Names to addresses, by the hosts file and the DNS, for as long as their time to live says. Those
 * who ask for a name meanwhile share one question. Where a question fails that was answered before,
 * the last good answer goes on.
 */
export class Resolver implements NameResolver {
  readonly #parts: QuestionParts
  readonly #addresses: Memory<readonly LookupAddress[]>
  readonly #services: Memory<readonly Service[]>

  constructor(parts: QuestionParts = questionParts()) {
    this.#parts = parts
    this.#addresses = new Memory(async (name, signal) => {
      const { addresses, ttlMs } = await askAddresses(name, this.#parts, signal)
      return { value: addresses, until: performance.now() + ttlMs }
    })
    this.#services = new Memory(async (name) => {
      const { services, ttlMs } = await askServices(name, this.#parts)
      return { value: services, until: performance.now() + ttlMs }
    })
  }

  async addresses(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
    const { value } = await this.#addresses.get(name, signal)
    return value
  }

  async services(name: string, signal: AbortSignal): Promise<readonly Service[]> {
    const { value } = await this.#services.get(name, signal)
    return value
  }

  watchAddresses(name: string, found: (addresses: readonly LookupAddress[]) => void): () => void {
    return watch(() => this.#addresses.get(name), found)
  }

  watchServices(name: string, found: (services: readonly Service[]) => void): () => void {
    return watch(() => this.#services.get(name), found)
  }
}

type Ask<T> = (name: string, signal: AbortSignal) => Promise<Known<T>>

interface Question<T> {
  readonly answer: Promise<Known<T>>
  /** Ends it, as far as that can be. */
  readonly end: () => void
  askers: number
}

/** Answers, and the questions that are on their way, the least recently used first. */
class Memory<T> {
  readonly #ask: Ask<T>
  readonly #known = new Map<string, Known<T>>()
  readonly #asking = new Map<string, Question<T>>()

  constructor(ask: Ask<T>) {
    this.#ask = ask
  }

  async get(name: string, signal?: AbortSignal): Promise<Known<T>> {
    const known = this.#known.get(name)
    if (known !== undefined && performance.now() < known.until) {
      this.#keep(name, known)
      return known
    }
    const question = this.#asking.get(name) ?? this.#begin(name)
    question.askers++
    try {
      return await abortable(question.answer, signal)
    } catch (error) {
      if (signal?.aborted === true) throw error
      if (known !== undefined && performance.now() < known.until + staleMs) return known
      throw unresolved(name, error)
    } finally {
      question.askers--
      // The last one has gone: whoever comes next asks anew.
      if (question.askers === 0) this.#drop(name, question)
    }
  }

  #begin(name: string): Question<T> {
    const controller = new AbortController()
    const answer = this.#ask(name, controller.signal)
      .then((answered) => {
        this.#keep(name, answered)
        return answered
      })
      .finally(() => this.#drop(name, question))
    const question: Question<T> = { answer, end: () => controller.abort(), askers: 0 }
    this.#asking.set(name, question)
    return question
  }

  #drop(name: string, question: Question<T>): void {
    if (this.#asking.get(name) === question) this.#asking.delete(name)
    question.end()
  }

  #keep(name: string, known: Known<T>): void {
    this.#known.delete(name)
    this.#known.set(name, known)
    const [oldest] = this.#known.keys()
    if (this.#known.size > mostNames) this.#known.delete(oldest!)
  }
}

/** Between the questions about a name of which the last one failed. */
const retryMs = 5_000

/** Asks again and again, at the moment when what is known is no longer good. */
function watch<T>(get: () => Promise<Known<T>>, found: (value: T) => void): () => void {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let last: T | undefined
  const tell = ({ value, until }: Known<T>): number => {
    if (!stopped && !isDeepStrictEqual(value, last)) {
      last = value
      found(value)
    }
    const leftMs = until - performance.now()
    // What is past its time was kept because the question failed.
    return leftMs > 0 ? leftMs : retryMs
  }
  const round = (): void => {
    get()
      .then(tell, () => retryMs)
      .then((waitMs) => {
        if (!stopped) timer = setTimeout(round, waitMs).unref()
      })
      .catch((error: unknown) => {
        // What `found` throws is a bug, and not one of the DNS: it ends where bugs do.
        queueMicrotask(() => {
          throw error
        })
      })
  }
  round()
  return () => {
    stopped = true
    clearTimeout(timer)
  }
}

function unresolved(name: string, cause: unknown): GatewayError {
  return new GatewayError('upstream-unresolved', `${name}: ${codeOf(cause)}`, { cause })
}

/** What somebody waits for who may go; the question itself goes on for others. */
function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
