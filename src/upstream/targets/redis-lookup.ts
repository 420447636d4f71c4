import type { RedisLookupConfig } from '../../config/settled/targets.ts'
import { longestDurationMs } from '../../config/duration.ts'
import { within } from '../deadline.ts'
import { readTarget } from './target.ts'
import type { Target } from './target.ts'
import { unavailable } from './target-lookup.ts'
import type { TargetLookup } from './target-lookup.ts'

type Client = Awaited<ReturnType<typeof connectClient>>

/** Lookups that wait for an answer at once. */
const mostWaiting = 1024

/**
 * Tokens that are keys of a Redis server, as websockify's TokenRedis has them: `host:port`, or JSON
 * `{"host": "host:port"}`. One connection serves all lookups, from the first one on; after it has
 * failed the next lookup makes a new one.
 */
export class RedisLookup implements TargetLookup {
  readonly #config: RedisLookupConfig
  readonly #where: string
  #client: Promise<Client> | undefined
  #waiting = 0

  constructor(config: RedisLookupConfig) {
    this.#config = config
    this.#where = `redis ${config.host}:${config.port}`
  }

  async find(token: string, signal: AbortSignal): Promise<Target | undefined> {
    const value = await this.#read(this.#keyOf(token), signal)
    if (value === null) return undefined
    const target = readTarget(value)
    if (target === undefined) throw unavailable(`${this.#where}: a value is no host and port`)
    return target
  }

  close(): void {
    this.#forget(this.#client)
  }

  #keyOf(token: string): string {
    const { namespace } = this.#config
    return namespace === '' ? token : `${namespace}:${token}`
  }

  async #read(key: string, signal: AbortSignal): Promise<string | null> {
    const { timeout } = this.#config
    if (this.#waiting >= mostWaiting) {
      throw unavailable(`${this.#where}: ${mostWaiting} lookups are waiting`)
    }
    this.#waiting++
    const connecting = this.#client ?? this.#connect()
    const late = (): Error => unavailable(`${this.#where}: no answer in ${timeout} ms`)
    try {
      return await within(timeout, signal, late, async () => (await connecting).get(key))
    } catch (error) {
      if (signal.aborted) throw error
      const refusal = await refusalIn(error)
      // A list or a set under that name is something else's.
      if (refusal === 'WRONGTYPE') return null
      // The connection is as good as before.
      if (refusal !== undefined) throw unavailable(`${this.#where} refuses to answer: ${refusal}`)
      // A connection that does not answer is not asked again.
      this.#forget(connecting)
      throw error instanceof Error && 'token' in error ? error : this.#failure(error)
    } finally {
      this.#waiting--
    }
  }

  /** Whoever comes until it is gone uses it. */
  #connect(): Promise<Client> {
    const connecting = connectClient(this.#config)
    this.#client = connecting
    const isGone = (): void => {
      if (this.#client === connecting) this.#client = undefined
    }
    // A failure is told to those who wait, of whom there may be none left.
    connecting.then((client) => client.on('end', isGone), isGone).catch(isGone)
    return connecting
  }

  #forget(connecting: Promise<Client> | undefined): void {
    if (connecting === undefined) return
    if (this.#client === connecting) this.#client = undefined
    connecting.then((client) => client.destroy()).catch(() => undefined) // It never came up, or is gone already.
  }

  #failure(error: unknown): Error {
    return unavailable(`${this.#where}: ${codeOf(error)}`)
  }
}

/** The package is loaded by those who use it. */
async function connectClient({
  host,
  port,
  db,
  username,
  password,
  tls,
  timeout,
}: RedisLookupConfig) {
  const { createClient } = await import('redis')
  const socket = {
    host,
    port,
    connectTimeout: Math.min(timeout, longestDurationMs),
    reconnectStrategy: false,
  } as const
  const client = createClient({
    socket: tls ? { ...socket, tls } : socket,
    database: db,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: password.reveal() }),
    commandsQueueMaxLength: mostWaiting,
  })
  client.on('error', () => undefined) // Whoever waits is told; nobody else has to know.
  await client.connect()
  return client
}

/**
 * What an error reply begins with, as `NOAUTH Authentication required.` does. The rest may quote the
 * command, and with it the key.
 * @returns undefined where the error is no reply
 */
async function refusalIn(error: unknown): Promise<string | undefined> {
  const { ErrorReply } = await import('redis')
  if (!(error instanceof ErrorReply)) return undefined
  return /^[A-Z]{3,}\b/.exec(error.message)?.[0] ?? 'an error'
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown error'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
