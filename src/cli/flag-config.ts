import { isIP } from 'node:net'
import { ConfigError } from '../config/problem.ts'
import { parseServer, type Server } from '../config/server-url.ts'
import type { Flags, FlagSources, FlagValues } from './flags.ts'
import type { ServeFlags } from './serve-flags.ts'
import { UsageError } from './usage-error.ts'

/**
 * Where each flag ends up in the configuration, so that a mistake found there can be told in the
 * user's own words.
 */
const placesOfFlags = [
  ['listeners.edge.bind', 'listen'],
  ['listeners.edge.tls.certificates[0].cert', 'tls-cert'],
  ['listeners.edge.tls.certificates[0].key', 'tls-key'],
  ['upstreams.main', 'to'],
  ['routes[0].origins', 'origin'],
  ['routes[1].static', 'web'],
  ['monitor', 'monitor'],
] as const satisfies readonly (readonly [place: string, flag: keyof ServeFlags])[]

const flagsOfFiles = new Set<keyof ServeFlags>(['tls-cert', 'tls-key', 'web'])

/**
 * What flags alone say, as the object that a configuration file would have held. TLS with a
 * certificate in memory is not part of it: a file can only name files.
 * @throws {UsageError}
 */
export function configOfFlags({ values, sources }: Flags<ServeFlags>): Record<string, unknown> {
  const server = serverOf(values, sources)
  const bridged = server.kind === 'tcp' || server.kind === 'tls' || values.bridge === true
  checkKind(server, bridged, { values, sources })
  const tls = tlsOf({ values, sources })
  const encrypted = tls !== undefined || values['tls-self-signed'] === true
  const origins = values.origin === undefined ? {} : { origins: values.origin }
  const main = { name: 'main', ...origins, [bridged ? 'bridge' : 'proxy']: 'main' }
  return {
    listeners: {
      edge: {
        bind: values.listen ?? (encrypted ? '0.0.0.0:8443' : '0.0.0.0:8080'),
        ...(tls !== undefined && { tls }),
      },
    },
    upstreams: {
      main: { servers: [server.url], ...(namesItself(server) && { preserveHost: false }) },
    },
    routes:
      values.web === undefined
        ? [main]
        : [
            { ...main, match: { path: '/websockify' } },
            { name: 'web', match: { path: '/*' }, static: values.web },
          ],
    ...(values.monitor !== undefined && { monitor: { bind: values.monitor } }),
    log: {
      ...(values['log-level'] !== undefined && { level: values['log-level'] }),
      ...(values['log-format'] !== undefined && { format: values['log-format'] }),
    },
  }
}

/**
 * What is wrong with the configuration that flags stand for, told by the names of the flags: a
 * usage error, unless it is a file that is not what it should be.
 */
export function errorOfFlags(error: ConfigError, sources: FlagSources<ServeFlags>): Error {
  const found = error.problems.map((problem) => {
    const [, flag] = placesOfFlags.find(([place]) => problem.startsWith(place)) ?? []
    if (flag === undefined) return { flag, line: problem }
    return { flag, line: `${sources[flag] ?? `--${flag}`}${problem.slice(problem.indexOf(': '))}` }
  })
  const lines = found.map(({ line }) => line)
  const isAboutFiles = found.every(({ flag }) => flag !== undefined && flagsOfFiles.has(flag))
  if (isAboutFiles) return new ConfigError(lines, { cause: error })
  return new UsageError(lines.join('\n'), { cause: error })
}

function serverOf(values: FlagValues<ServeFlags>, sources: FlagSources<ServeFlags>): Server {
  const server = parseServer(values.to ?? '')
  if (server !== undefined) return server
  throw new UsageError(
    `${sources.to ?? '--to'}: expected a URL without a path such as http://127.0.0.1:3000 ` +
      '(http, https, ws, wss, tcp or tls; the last two with a port), or unix:/path',
  )
}

function checkKind(server: Server, bridged: boolean, { values, sources }: Flags<ServeFlags>): void {
  const isHttp = server.kind === 'http' || server.kind === 'https'
  if (values.bridge === true && isHttp) {
    throw new UsageError(`${sources.bridge}: an HTTP server is proxied; bridged are tcp, tls, unix`)
  }
  if (values.web !== undefined && !bridged) {
    throw new UsageError(`${sources.web}: is for pages beside a bridge; an HTTP server has its own`)
  }
}

function tlsOf({ values, sources }: Flags<ServeFlags>): { certificates: unknown[] } | undefined {
  const { 'tls-cert': cert, 'tls-key': key } = values
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) {
    const [given, missing] =
      cert === undefined ? (['tls-key', 'tls-cert'] as const) : (['tls-cert', 'tls-key'] as const)
    throw new UsageError(`${sources[given]}: needs --${missing} too`)
  }
  if (values['tls-self-signed'] === true) {
    throw new UsageError(
      `${sources['tls-self-signed']}: there is a certificate, ${sources['tls-cert']}`,
    )
  }
  return { certificates: [{ cert, key }] }
}

/**
 * A site on the internet answers to its own name only; a server given by address knows the name its
 * users type.
 */
function namesItself(server: Server): boolean {
  return server.kind === 'https' && isIP(server.host) === 0
}
