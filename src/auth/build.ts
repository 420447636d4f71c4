import { parseApiKeys } from '../config/api-keys.ts'
import type { ApiKey } from '../config/api-keys.ts'
import type { AuthenticatorConfig, JwtConfig } from '../config/settled/authenticators.ts'
import { readRegularFileSync } from '../config/regular-file.ts'
import { parseHtpasswd } from '../config/htpasswd.ts'
import type { Fault } from '../config/htpasswd.ts'
import { ApiKeyAuthenticator } from './api-key.ts'
import type { Authenticator } from './authenticator.ts'
import { LogoutTokens } from './backchannel.ts'
import { BasicAuthenticator } from './basic.ts'
import type { BasicParts } from './basic.ts'
import { CertificateAuthenticator } from './client-certificate.ts'
import { ForwardAuthenticator } from './forward-auth.ts'
import { jwtKeys } from './jwt-keys.ts'
import { JwtAuthenticator } from './jwt.ts'
import { TicketAuthenticator } from './ticket.ts'
import { TokenVerifier } from './token-verifier.ts'

/** What the authenticators of a process share. */
export interface AuthenticatorParts extends BasicParts {
  /** Monotonic milliseconds. */
  readonly clock: () => number
  /** Told of what goes wrong without a request to refuse for it. */
  readonly warn: (authenticator: string, error: Error) => void
}

/** The authenticators of a configuration, by name. */
export class Authenticators {
  readonly all: ReadonlyMap<string, Authenticator>
  readonly tickets: readonly TicketAuthenticator[]
  /** Of the issuers that tell of logouts. */
  readonly logouts: readonly LogoutTokens[]

  /** @throws {Error} one line that says which file cannot be read, or holds something else */
  constructor(configs: Readonly<Record<string, AuthenticatorConfig>>, parts: AuthenticatorParts) {
    const all = new Map<string, Authenticator>()
    const tickets: TicketAuthenticator[] = []
    const logouts: LogoutTokens[] = []
    for (const [name, config] of Object.entries(configs)) {
      if (config.kind === 'ticket') {
        const ticket = new TicketAuthenticator(name, config, parts)
        tickets.push(ticket)
        all.set(name, ticket)
      } else if (config.kind === 'jwt') {
        const verifier = verifierOf(name, config, parts)
        all.set(name, new JwtAuthenticator(name, config, { ...parts, verifier }))
        if (config.backchannelLogout)
          logouts.push(new LogoutTokens(name, verifier, { ...parts, ...config }))
      } else all.set(name, build(name, config, parts))
    }
    this.all = all
    this.tickets = tickets
    this.logouts = logouts
  }

  /** Lets go of what they hold: connections, timers. */
  close(): void {
    for (const authenticator of this.all.values()) authenticator.close?.()
  }
}

type Plain = Exclude<AuthenticatorConfig, { kind: 'ticket' | 'jwt' }>

function build(name: string, config: Plain, parts: AuthenticatorParts): Authenticator {
  switch (config.kind) {
    case 'basic':
      return new BasicAuthenticator(name, config, readHashes(name, config.htpasswd), parts)
    case 'apiKey':
      return new ApiKeyAuthenticator(name, config, readKeys(name, config.keys), parts)
    case 'forward':
      return new ForwardAuthenticator(name, config, parts)
    case 'certificate':
      return new CertificateAuthenticator(name, config, parts)
  }
}

function readHashes(name: string, path: string): ReadonlyMap<string, string> {
  const { hashes, faults } = parseHtpasswd(readRegularFileSync(path).toString())
  refuseFaults(name, path, faults)
  return hashes
}

function readKeys(name: string, path: string): readonly ApiKey[] {
  const { keys, faults } = parseApiKeys(readRegularFileSync(path).toString())
  refuseFaults(name, path, faults)
  return keys
}

/** The configuration's check has read the file too, but it may have changed since. */
function refuseFaults(name: string, path: string, [fault]: readonly Fault[]): void {
  if (fault === undefined) return
  throw new Error(
    `authenticator ${name}: ${path}, line ${fault.line}, with ${fault.found}: expected ${fault.expected}`,
  )
}

function verifierOf(
  name: string,
  config: JwtConfig,
  { now, warn }: AuthenticatorParts,
): TokenVerifier {
  const keys = jwtKeys(config, { now, onFailure: (error) => warn(name, error) })
  return new TokenVerifier(keys, config, now)
}
