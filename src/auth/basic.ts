import type { BasicConfig } from '../config/settled/authenticators.ts'
import type { Rate } from '../config/rate.ts'
import { GatewayError } from '../errors.ts'
import type { Attempt, Authenticator, Verdict } from './authenticator.ts'
import { parseBasicCredentials } from './basic-credentials.ts'
import type { BasicCredentials } from './basic-credentials.ts'
import { challenge } from './challenge.ts'
import type { Fingerprints } from './fingerprint.ts'
import type { Identity } from './identity.ts'
import { decoyHash } from './password-checks.ts'
import type { PasswordChecks } from './password-checks.ts'
import { findCredential } from './places.ts'
import type { Place } from './places.ts'
import { Recent } from './recent.ts'
import { SingleFlight } from './single-flight.ts'

/** Who is guessing whose password. */
export interface Login {
  readonly authenticator: string
  readonly name: string
  /** An address, or `unix`. */
  readonly client: string
}

/** Counts attempts to log in. */
export interface AttemptMeter {
  /** Takes one attempt, where the rate has one left. */
  take(login: Login, rate: Rate): Metered
}

export interface Metered {
  /** 0 where it was taken, else the time until there is one. */
  readonly waitMs: number
  /** The attempt was none that counts. */
  readonly forgive: () => void
}

/** What the authenticators of a process share. */
export interface BasicParts {
  readonly fingerprints: Fingerprints
  readonly checks: PasswordChecks
  readonly attempts: AttemptMeter
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** How long, and of how many logins, a right password is not checked again. */
const recentMs = 60_000
const mostRecent = 10_000

/** Login names and passwords of an htpasswd file (RFC 7617). */
export class BasicAuthenticator implements Authenticator {
  readonly name: string
  readonly kind = 'basic'
  readonly challenge: string
  readonly places: readonly Place[]
  readonly #config: BasicConfig
  readonly #hashes: ReadonlyMap<string, string>
  readonly #decoys: readonly string[]
  readonly #parts: BasicParts
  readonly #recent: Recent<Identity>
  /** By client and credential: the same question again is no further attempt. */
  readonly #asking = new SingleFlight<Identity>()
  /** By credential: a site that reconnects comes with a few logins, from many places at once. */
  readonly #checking = new SingleFlight<Identity>()

  /** @param hashes login name -> bcrypt hash (`$2a$`, `$2b$`) */
  constructor(
    name: string,
    config: BasicConfig,
    hashes: ReadonlyMap<string, string>,
    parts: BasicParts,
  ) {
    this.name = name
    this.challenge = challenge('Basic', { realm: config.realm, charset: 'UTF-8' })
    this.places = config.from
    this.#config = config
    this.#hashes = hashes
    this.#decoys = decoysOf([...hashes.values()])
    this.#parts = parts
    this.#recent = new Recent(mostRecent, parts.now)
  }

  async authenticate(attempt: Attempt): Promise<Verdict> {
    const credential = findCredential({ places: this.places, scheme: 'Basic' }, attempt)
    if (credential === undefined) return undefined
    const credentials = parseBasicCredentials(credential)
    if (credentials === undefined) {
      throw new GatewayError('credentials-invalid', 'no name and password in base64 and UTF-8')
    }
    // One that has been given up must not wait for its turn: nobody wants to know.
    attempt.signal.throwIfAborted()
    const key = this.#parts.fingerprints.of(credential)
    const { client } = attempt.request
    const identity = await this.#asking.run(`${client} ${key}`, () =>
      this.#ask(key, credentials, client),
    )
    attempt.signal.throwIfAborted()
    if (!this.#config.passCredential) return identity
    return { ...identity, headers: ['Authorization', `Basic ${credential}`] }
  }

  /**
   * Whoever has no attempt left is told nothing, whatever is known of others' logins: a right guess
   * would stand out.
   */
  async #ask(key: string, credentials: BasicCredentials, client: string): Promise<Identity> {
    const login = { authenticator: this.name, name: credentials.name, client }
    const { waitMs, forgive } = this.#parts.attempts.take(login, this.#config.attempts)
    if (waitMs > 0) {
      throw new GatewayError('client-limit', `too many failed logins of one name from ${client}`, {
        headers: ['Retry-After', String(Math.ceil(waitMs / 1000))],
      })
    }
    try {
      const identity =
        this.#recent.get(key) ??
        (await this.#checking.run(key, () => this.#check(key, credentials, client)))
      forgive()
      return identity
    } catch (error) {
      if (!isWrong(error)) forgive()
      throw error
    }
  }

  /** The same work whether the name is known or not, so that its time does not tell. */
  async #check(
    key: string,
    { name, password }: BasicCredentials,
    client: string,
  ): Promise<Identity> {
    const hash = this.#hashes.get(name)
    const right = await this.#parts.checks.check(password, hash ?? this.#decoyOf(name), client)
    if (hash === undefined || !right) {
      throw new GatewayError('credentials-invalid', 'a wrong name or password')
    }
    const identity = this.#identity(name, hash)
    this.#recent.put(key, identity, this.#parts.now() + recentMs)
    return identity
  }

  /**
   * Costs may differ from name to name; an unknown one keeps to the cost that it once had, like a
   * known one.
   */
  #decoyOf(name: string): string {
    const drawn = Buffer.from(this.#parts.fingerprints.of(name), 'base64url').readUInt32BE(0)
    return this.#decoys[drawn % this.#decoys.length]!
  }

  #identity(name: string, hash: string): Identity {
    return {
      authenticator: this.name,
      subject: name,
      name,
      claims: {},
      expiresAt: Infinity,
      credentialId: undefined,
      sessionId: undefined,
      // Of the file's entry, not of what was sent: bcrypt takes passwords for equal that differ
      // behind their 72nd byte.
      fingerprint: this.#parts.fingerprints.of(`basic\0${name}\0${hash}`),
      headers: [],
    }
  }
}

function isWrong(error: unknown): boolean {
  return error instanceof GatewayError && error.token === 'credentials-invalid'
}

/** As many of each cost as there are hashes of it. */
function decoysOf(hashes: readonly string[]): readonly string[] {
  const byCost = new Map<number, string>()
  const decoys = hashes.map((hash) => {
    const cost = Number(hash.slice(4, 6))
    const decoy = byCost.get(cost) ?? decoyHash(cost)
    byCost.set(cost, decoy)
    return decoy
  })
  return decoys.length === 0 ? [decoyHash(10)] : decoys
}
