import type { AttemptMeter, Login, Metered } from '../auth/basic.ts'
import type { Rate } from '../config/rate.ts'
import { unixAddress } from '../peer.ts'
import { clientKey } from './client-key.ts'
import type { Ledger } from './ledger.ts'

/**
 * How often a password may be guessed: by the name and the client together, so that nobody keeps
 * another from logging in by guessing elsewhere. A check takes its token before it is made and puts
 * it back when the password was right; looking first and taking later would let as many guesses
 * through as are made at once.
 */
export class LoginAttempts implements AttemptMeter {
  readonly #ledger: Ledger

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  take({ authenticator, name, client }: Login, rate: Rate): Metered {
    const account = `attempts ${authenticator}`
    const network = client === unixAddress ? client : clientKey(client)
    const key = `${network} ${name}`
    // All of a minute's at once: a person who looks for the right password tries some in a row.
    const waitMs = this.#ledger.take(account, key, rate, rate.count)
    return { waitMs, forgive: () => this.#ledger.giveBack(account, key, rate) }
  }
}
