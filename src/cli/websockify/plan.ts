import { formatBind, parseBind } from '../../config/bind-address.ts'
import type { CertificateFiles } from '../../config/settled/tls.ts'
import { UsageError } from '../usage-error.ts'
import { readLogin, type Login } from './auth-plugin.ts'
import type { CommandLine } from './command-line.ts'
import { specs, type OptionName } from './options.ts'
import { readTargets } from './token-plugin.ts'

/** What a command line of websockify comes to. */
export interface Plan {
  /** The object that a configuration file would have held. */
  readonly config: Record<string, unknown>
  /** What to know about it, a line each, beginning with the option it is about. */
  readonly warnings: readonly string[]
  /** Of the listener; undefined where no TLS is ended. */
  readonly certificate: CertificateFiles | undefined
  /** Whose passwords go into the htpasswd file that the configuration names. */
  readonly password: Login['password']
  /** Of the socket that is listened on; undefined as the process's umask has it. */
  readonly socketMode: number | undefined
  /** Where things of the configuration come from, to tell mistakes in the user's own words. */
  readonly places: readonly (readonly [place: string, written: string])[]
}

export interface Surroundings {
  /** Whether there is such a file. */
  readonly exists: (path: string) => boolean
  /** Where the htpasswd file will be, if one is needed. */
  readonly htpasswd: string
  /** Whose pages may connect; undefined where nothing is said. */
  readonly origins: readonly string[] | undefined
  /** What flags say of the log and the monitor, as a configuration has it. */
  readonly log?: Readonly<Record<string, unknown>>
  readonly monitor?: string | undefined
}

/** The name of the certificate that is used where it is there and no other is named. */
const customaryCertificate = 'self.pem'

/** Where systems keep the authorities that everybody trusts. */
const systemAuthorities = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/cert.pem',
]

/**
 * Makes a configuration of a command line.
 * @throws {UsageError} for what makes no sense, or has no equivalent that could be relied on
 */
export function planOf(line: CommandLine, around: Surroundings): Plan {
  const warnings = remarks(line)
  const positionals = [...line.positionals]
  const bind = readBind(line, positionals)
  const targets = readTargets(line, positionals)
  if (positionals.length > 0) throw new UsageError(`${positionals[0]}: is one argument too many`)
  const tls = readTls(line, around)
  const login = readLogin(line, around.htpasswd)
  const origins = readOrigins(line, login, around.origins)
  warnings.push(...targets.warnings, ...tls.warnings, ...login.warnings, ...origins.warnings)

  const heartbeat = line.seconds.get('heartbeat') ?? 0
  const web = line.texts.get('web')
  const bridge = {
    name: 'bridge',
    ...(web !== undefined && { match: { websocket: true } }),
    ...origins.settings,
    ...((targets.auth ?? login.name) ? { auth: targets.auth ?? login.name } : {}),
    ...targets.route,
    ...(line.switches.has('run-once') && { limits: { sessions: 1 } }),
    ...(heartbeat > 0 && { timeouts: { ping: `${heartbeat}s` } }),
  }
  const log = { ...(line.switches.has('verbose') && { level: 'debug' }), ...around.log }
  const pages = {
    name: 'web',
    match: { websocket: false },
    ...(line.switches.has('web-auth') && login.name !== undefined && { auth: login.name }),
    static: web,
  }
  const authenticators = { ...targets.authenticators, ...login.authenticators }
  return {
    config: {
      listeners: { edge: { bind: bind.text, ...(tls.settings && { tls: tls.settings }) } },
      ...(Object.keys(authenticators).length > 0 && { authenticators }),
      ...(targets.upstreams && { upstreams: targets.upstreams }),
      routes: web === undefined ? [bridge] : [bridge, pages],
      ...(around.monitor !== undefined && { monitor: { bind: around.monitor } }),
      ...(Object.keys(log).length > 0 && { log }),
    },
    warnings,
    certificate: tls.certificate,
    password: login.password,
    socketMode: readSocketMode(line),
    places: [
      ['listeners.edge.bind', bind.written],
      ['listeners.edge.tls.certificates[0].cert', '--cert'],
      ['listeners.edge.tls.certificates[0].key', tls.keyFrom],
      ['listeners.edge.tls.clientCertificate.ca', '--cafile'],
      ['routes[0].origins', origins.from],
      ['routes[0].bridge', '--token-source'],
      ['authenticators.token', '--token-source'],
      ['routes[1].static', '--web'],
      ['monitor', '--monitor'],
    ],
  }
}

/** What is said of options alone. */
function remarks(line: CommandLine): string[] {
  const given: OptionName[] = [...line.switches, ...line.texts.keys(), ...line.seconds.keys()]
  for (const name of given) {
    const { refused } = specs[name]!
    if (refused !== undefined) throw new UsageError(`--${name}: ${refused}`)
  }
  if (line.program !== undefined) {
    throw new UsageError(
      '--: programs are not started; start it yourself, on a port of its own, and name that as the target',
    )
  }
  for (const [name, needed] of needs) {
    if (given.includes(name) && !needed.some((other) => given.includes(other))) {
      throw new UsageError(`--${name}: needs --${needed.join(' or --')}`)
    }
  }
  return given.flatMap((name) => {
    const { ignored } = specs[name]!
    return ignored === undefined ? [] : [`--${name}: ignored: ${ignored}`]
  })
}

const needs: readonly (readonly [OptionName, readonly OptionName[]])[] = [
  ['token-source', ['token-plugin']],
  ['host-token', ['token-plugin', 'target-config']],
  ['auth-source', ['auth-plugin']],
  ['web-auth', ['auth-plugin']],
  ['web-auth', ['web']],
  ['legacy-syslog', ['syslog']],
  ['cafile', ['verify-client']],
  ['unix-listen-mode', ['unix-listen']],
]

function readBind(
  { switches, texts }: CommandLine,
  positionals: string[],
): { readonly text: string; readonly written: string } {
  const socket = texts.get('unix-listen')
  if (socket !== undefined) return { text: `unix:${socket}`, written: '--unix-listen' }
  const written = positionals.shift()
  if (written === undefined) throw new UsageError('say where to listen: [HOST:]PORT')
  const colon = written.lastIndexOf(':')
  const host = written.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, '')
  const anywhere = switches.has('prefer-ipv6') ? '::' : '0.0.0.0'
  const port = Number(written.slice(colon + 1))
  const bind = parseBind(formatBind({ kind: 'tcp', host: host === '' ? anywhere : host, port }))
  if (bind === undefined || !/^\d+$/.test(written.slice(colon + 1))) {
    throw new UsageError(`${written}: expected where to listen, [HOST:]PORT`)
  }
  return { text: formatBind(bind), written }
}

function readSocketMode({ texts }: CommandLine): number | undefined {
  if (!texts.has('unix-listen')) return undefined
  const written = texts.get('unix-listen-mode') ?? '0600'
  if (/^0?[0-7]{3}$/.test(written)) return Number.parseInt(written, 8)
  throw new UsageError(`--unix-listen-mode: found "${written}", expected a mode such as 0660`)
}

interface ListenerTls {
  readonly settings: Record<string, unknown> | undefined
  readonly certificate: CertificateFiles | undefined
  readonly keyFrom: string
  readonly warnings: readonly string[]
}

function readTls({ switches, texts }: CommandLine, { exists }: Surroundings): ListenerTls {
  const named = texts.get('cert')
  const cert = named ?? customaryCertificate
  const keyFrom = texts.has('key') ? '--key' : '--cert'
  if (!exists(cert)) {
    // Clients with wss would find nobody, and whoever named it would not know why.
    if (named !== undefined) throw new UsageError(`--cert: ${named} is not there`)
    const [first] = (['ssl-only', 'verify-client', 'key', 'key-password'] as const).filter(
      (name) => switches.has(name) || texts.has(name),
    )
    if (first !== undefined) throw new UsageError(`--${first}: needs a certificate: --cert FILE`)
    return { settings: undefined, certificate: undefined, keyFrom, warnings: [] }
  }
  const certificate = { cert, key: texts.get('key') ?? cert }
  const verify = switches.has('verify-client')
  const version = texts.get('ssl-version')
  const warnings = []
  if (version === 'tlsv1_1') warnings.push('--ssl-version: TLS 1.2 is the oldest that is spoken')
  if (verify && !switches.has('ssl-only')) {
    warnings.push('--verify-client: clear text is refused, where no certificate could be shown')
  }
  return {
    settings: {
      certificates: [certificate],
      ...(!switches.has('ssl-only') && !verify && { optional: true }),
      ...(version === 'tlsv1_3' && { minVersion: 'TLSv1.3' }),
      ...(verify && {
        clientCertificate: { ca: texts.get('cafile') ?? authorities(exists), required: true },
      }),
    },
    certificate,
    keyFrom,
    warnings,
  }
}

function authorities(exists: Surroundings['exists']): string {
  const found = systemAuthorities.find(exists)
  if (found !== undefined) return found
  throw new UsageError('--verify-client: needs --cafile: this system has no list of authorities')
}

interface Origins {
  readonly settings: Record<string, unknown>
  readonly from: string
  readonly warnings: readonly string[]
}

/**
 * websockify takes pages of every origin, and those who use it rely on that: pages that come from
 * another server, proxies in front that change the Host. A login that a browser adds by itself,
 * though, would let every page act as the user: there only pages of this server may connect.
 */
function readOrigins(
  { switches }: CommandLine,
  login: Login,
  said: readonly string[] | undefined,
): Origins {
  if (login.origins !== undefined) {
    if (said !== undefined) throw new UsageError('--origin: cannot go with ExpectOrigin')
    const settings = { origins: login.origins, requireOrigin: true }
    return { settings, from: '--auth-source', warnings: [] }
  }
  const from = '--origin'
  if (said !== undefined) return { settings: { origins: said }, from, warnings: [] }
  if (login.name !== undefined || switches.has('verify-client')) {
    const option = login.name === undefined ? '--verify-client' : '--auth-plugin'
    const text = `${option}: pages of this server alone may connect; others need --origin`
    // What is no browser sends none, and is not led astray by a page.
    return { settings: { requireOrigin: false }, from, warnings: [text] }
  }
  const warning = '--origin: not given: pages of every origin may connect, as with websockify'
  return { settings: { origins: ['*'] }, from, warnings: [warning] }
}
