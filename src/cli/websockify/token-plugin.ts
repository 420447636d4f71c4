import { parseServer } from '../../config/server-url.ts'
import { UsageError } from '../usage-error.ts'
import type { CommandLine } from './command-line.ts'

/** Where sessions lead. */
export interface Targets {
  /** What the route has for it. */
  readonly route: Record<string, unknown>
  /** For a target that is always the same. */
  readonly upstreams: Record<string, unknown> | undefined
  /** The authenticator that reads the token, where the token is a login too. */
  readonly auth: string | undefined
  readonly authenticators: Record<string, unknown>
  readonly warnings: readonly string[]
}

type Lookup = Pick<Targets, 'auth' | 'authenticators'> & {
  readonly lookup: unknown
  /** Instead of the place that the command line says. */
  readonly from?: string
}

/**
 * Whoever keeps the tokens says where they lead, to this machine too: what stays denied is what
 * nobody lists on purpose (link-local and metadata addresses, multicast). Sockets need a
 * configuration that names their folders.
 */
const anywhere = ['0.0.0.0/0', '::/0', '127.0.0.0/8', '::1']

/**
 * Where sessions lead: one target, or what a token plugin of websockify would have found.
 * @param positionals what is left of the arguments; the target is taken out
 * @throws {UsageError}
 */
export function readTargets(line: CommandLine, positionals: string[]): Targets {
  const file = line.texts.get('target-config')
  const plugin = file === undefined ? line.texts.get('token-plugin') : 'TokenFile'
  if (plugin === undefined) return fixed(line, positionals)
  if (line.texts.has('unix-target')) {
    throw new UsageError('--unix-target: cannot go with a token plugin, which says where it leads')
  }
  const source = file ?? line.texts.get('token-source') ?? ''
  if (source === '') throw new UsageError('--token-plugin: needs --token-source')
  const found = lookupOf(plugin.replace(/^websockify\.token_plugins\./, ''), source)
  const place = line.switches.has('host-token') ? 'host' : 'query:token'
  if (found.from !== undefined && place === 'host') {
    throw new UsageError('--host-token: cannot go with a token that is signed: a Host has no room')
  }
  if (found.auth !== undefined && line.texts.has('auth-plugin')) {
    throw new UsageError('--auth-plugin: cannot go with JWTTokenApi, which is a login already')
  }
  const targets = {
    from: found.from ?? place,
    lookup: found.lookup,
    allow: anywhere,
  }
  return {
    route: {
      bridge: { targets, ...(line.switches.has('ssl-target') && { tls: { verify: false } }) },
    },
    upstreams: undefined,
    auth: found.auth,
    authenticators: found.authenticators,
    warnings: secure(line),
  }
}

function fixed(line: CommandLine, positionals: string[]): Targets {
  const socket = line.texts.get('unix-target')
  const server = socket === undefined ? serverOf(line, positionals.shift()) : `unix:${socket}`
  if (socket !== undefined && line.switches.has('ssl-target')) {
    throw new UsageError('--ssl-target: cannot go with --unix-target')
  }
  const tls = line.switches.has('ssl-target') && { tls: { verify: false } }
  return {
    route: { bridge: 'target' },
    upstreams: { target: { servers: [server], ...tls } },
    auth: undefined,
    authenticators: {},
    warnings: secure(line),
  }
}

function serverOf({ switches }: CommandLine, written: string | undefined): string {
  if (written === undefined) throw new UsageError('say where it leads: HOST:PORT')
  const colon = written.lastIndexOf(':')
  const host = written.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, '')
  const scheme = switches.has('ssl-target') ? 'tls' : 'tcp'
  const url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${written.slice(colon + 1)}`
  if (parseServer(url) === undefined) {
    throw new UsageError(`${written}: expected where it leads, HOST:PORT`)
  }
  return url
}

function secure({ switches }: CommandLine): string[] {
  if (!switches.has('ssl-target')) return []
  return ['--ssl-target: the certificate of the target is not checked, as with websockify']
}

function lookupOf(plugin: string, source: string): Lookup {
  const plain = { auth: undefined, authenticators: {} }
  switch (plugin) {
    case 'TokenFile':
    case 'ReadOnlyTokenFile':
      return { ...plain, lookup: { file: source } }
    case 'TokenRedis':
      return { ...plain, lookup: { redis: redisOf(source) } }
    case 'JSONTokenApi':
      return { ...plain, lookup: { http: { url: urlOf(source) } } }
    case 'JWTTokenApi':
      return {
        lookup: 'claims',
        from: 'identity:claims',
        auth: 'token',
        authenticators: { token: { jwt: { publicKey: source, from: ['query:token'] } } },
      }
    default:
      throw new UsageError(`--token-plugin: ${plugin}: ${instead[plugin] ?? noPython}`)
  }
}

const noPython = 'no Python is run; see bridge.targets of the configuration for other lookups'

/** What to use for plugins that have no equivalent. */
const instead: Readonly<Record<string, string>> = {
  BaseTokenAPI: 'answers in plain text are not read; answer in JSON, and use JSONTokenApi',
  TokenFileName:
    'names of files are no targets; put lines NAME: HOST:PORT into one file, for TokenFile',
  UnixDomainSocketDirectory:
    'use a configuration: bridge.targets with a file of lines NAME: unix_socket:PATH, and allow: [unix:/FOLDER/*]',
}

/** `HOST[:PORT[:DB[:PASSWORD[:NAMESPACE]]]]`, each with or without quotes around it. */
function redisOf(source: string): Record<string, unknown> {
  const parts = [...source.matchAll(/(?:^|:)(?:"([^"]*)"|'([^']*)'|(\[[^\]]*\]|[^:]*))/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )
  const [host = '', port = '', db = '', password = '', namespace = '', more] = parts
  const numbers = [port, db].every((text) => /^\d*$/.test(text))
  if (host === '' || !numbers || more !== undefined) {
    throw new UsageError('--token-source: expected HOST[:PORT[:DB[:PASSWORD[:NAMESPACE]]]]')
  }
  return {
    host,
    ...(port !== '' && { port: Number(port) }),
    ...(db !== '' && { db: Number(db) }),
    ...(password !== '' && { password }),
    ...(namespace !== '' && { namespace }),
  }
}

/** Python's `%s` is where the token goes. */
function urlOf(source: string): string {
  if (source.split('%s').length !== 2) {
    throw new UsageError('--token-source: expected a URL with one %s, where the token goes')
  }
  return source.replaceAll('%%', '%').replace('%s', '{token}')
}
