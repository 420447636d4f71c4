import { UsageError } from '../usage-error.ts'
import type { CommandLine } from './command-line.ts'

/** What an auth plugin of websockify stands for. */
export interface Login {
  /** The authenticator; undefined where nobody has to log in. */
  readonly name: string | undefined
  readonly authenticators: Record<string, unknown>
  /** The only origins that may connect; undefined where the plugin says nothing of them. */
  readonly origins: readonly string[] | undefined
  readonly password: { readonly name: string; readonly password: string } | undefined
  readonly warnings: readonly string[]
}

const nobody: Login = {
  name: undefined,
  authenticators: {},
  origins: undefined,
  password: undefined,
  warnings: [],
}

/**
 * @param htpasswd where the file will be that BasicHTTPAuth needs
 * @throws {UsageError}
 */
export function readLogin(line: CommandLine, htpasswd: string): Login {
  const plugin = line.texts.get('auth-plugin')
  const source = line.texts.get('auth-source') ?? ''
  switch (plugin?.replace(/^websockify\.auth_plugins\./, '')) {
    case undefined:
      return nobody
    case 'BasicHTTPAuth':
      return basic(source, htpasswd)
    case 'ExpectOrigin':
      return expectedOrigins(line, source)
    case 'ClientCertCNAuth':
      return commonNames(line, source)
    default:
      throw new UsageError(
        `--auth-plugin: ${plugin}: no Python is run; a configuration with a forward authenticator asks a server of yours`,
      )
  }
}

const longestPassword = 72

function basic(source: string, htpasswd: string): Login {
  const colon = source.indexOf(':')
  // What stands there is a secret: no message shows it.
  if (colon < 1) throw new UsageError('--auth-source: expected USER:PASSWORD')
  const password = source.slice(colon + 1)
  // bcrypt would take every password for right that begins with these bytes.
  if (Buffer.byteLength(password) > longestPassword) {
    throw new UsageError(`--auth-source: expected a password of ${longestPassword} bytes at most`)
  }
  return {
    ...nobody,
    name: 'login',
    authenticators: { login: { basic: { htpasswd, realm: 'Websockify' } } },
    password: { name: source.slice(0, colon), password },
  }
}

function expectedOrigins({ switches }: CommandLine, source: string): Login {
  const origins = words(source)
  if (origins.length === 0) throw new UsageError('--auth-source: expected at least one origin')
  // There it is a text like any other, and no page's origin; here it would be everybody's.
  const star = origins.find((origin) => origin.includes('*'))
  if (star !== undefined) throw new UsageError(`--auth-source: ${star} is not an origin`)
  const warnings = switches.has('web-auth')
    ? ['--web-auth: ignored: origins are a matter of WebSockets; a page that is typed in has none']
    : []
  return { ...nobody, origins, warnings }
}

function commonNames({ switches }: CommandLine, source: string): Login {
  if (!switches.has('verify-client')) {
    throw new UsageError('--auth-plugin: ClientCertCNAuth needs --verify-client')
  }
  const names = words(source)
  if (names.length === 0) throw new UsageError('--auth-source: expected at least one common name')
  const subjects = names.map((name) => `CN=${escaped(name)}`)
  return { ...nobody, name: 'login', authenticators: { login: { certificate: { subjects } } } }
}

/** A value as RFC 4514 writes it; a `*` stands for itself. */
function escaped(value: string): string {
  return value.replace(/[",+;<>\\=#]/g, '\\$&').replaceAll('*', '\\2A')
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}
