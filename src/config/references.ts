import { resolve } from 'node:path'
import { formatBind, parseBind } from './bind-address.ts'
import { checkHealth } from './health-references.ts'
import { foldHeaderName } from './identity-header.ts'
import { foldPathPattern, isPathPattern } from './path-pattern.ts'
import type { KeyPath, Problem } from './problem.ts'
import { formatPath } from './problem.ts'
import { actions } from './routes.ts'
import { words } from './scalars.ts'
import { parseServer } from './server-url.ts'
import { at, listAt, namesAt, textAt, textsAt } from './tree.ts'
import { checkSettings } from './upstream-references.ts'

/**
 * Checks what one section says of another. It looks at the values as they were read, not at what
 * the schema made of them: so the mistakes it finds come together with those of the schema, however
 * many there are.
 * @param folder what relative paths are relative to
 * @param isBroken whether a mistake is told already that explains what is wrong at a path
 */
export function checkReferences(
  value: unknown,
  folder: string,
  isBroken: (path: KeyPath) => boolean = () => false,
): Problem[] {
  return [
    ...checkListenerNames(value),
    ...checkBinds(value, folder),
    ...checkOptionalTls(value),
    ...checkIdentityHeaders(value, ['identity', 'headers']),
    ...listAt(value, 'routes').flatMap((_, index) =>
      checkIdentityHeaders(value, ['routes', index, 'identity', 'headers']),
    ),
    ...checkServers(value, folder),
    ...checkHealth(value),
    ...checkSettings(value),
    ...checkClientCertificates(value),
    ...checkRouteNames(value),
    ...listAt(value, 'routes').flatMap((route, index) =>
      checkAction(route, ['routes', index], isBroken),
    ),
    ...(isBroken(['upstreams']) ? [] : checkUpstreamUse(value)),
    ...checkPathFolding(value),
  ]
}

/**
 * With or without a monitor in the file: a flag can add one, and what a log line means does not
 * depend on that.
 */
function checkListenerNames(value: unknown): Problem[] {
  if (!namesAt(value, 'listeners').includes('monitor')) return []
  const found = 'a listener of the name under which the log has the monitor'
  return [{ path: ['listeners', 'monitor'], found, expected: 'another name' }]
}

function checkBinds(value: unknown, folder: string): Problem[] {
  const taken = new Map<string, KeyPath>()
  const paths: KeyPath[] = namesAt(value, 'listeners').map((name) => ['listeners', name, 'bind'])
  return [...paths, ['monitor', 'bind']].flatMap((path) => {
    const bind = parseBind(textAt(value, ...path) ?? '')
    if (bind === undefined || (bind.kind === 'tcp' && bind.port === 0)) return []
    const address = bind.kind === 'unix' ? resolve(folder, bind.path) : formatBind(bind)
    const first = taken.get(address)
    if (first === undefined) {
      taken.set(address, path)
      return bind.kind === 'unix' ? checkSocketPath(path, address) : []
    }
    return [{ path, expected: `an address that ${formatPath(first)} does not have already` }]
  })
}

/** A certificate that clear text gets around guards nothing. */
function checkOptionalTls(value: unknown): Problem[] {
  return namesAt(value, 'listeners').flatMap((name) => {
    const path = ['listeners', name, 'tls', 'optional']
    const tls = at(value, 'listeners', name, 'tls')
    if (at(tls, 'optional') !== true || at(tls, 'clientCertificate', 'required') !== true) return []
    return [{ path, expected: 'false where clientCertificate is required' }]
  })
}

// What fits into sun_path of Linux, a final NUL included.
const longestSocketPath = 107

function checkSocketPath(path: KeyPath, file: string): Problem[] {
  if (Buffer.byteLength(file) <= longestSocketPath) return []
  return [{ path, expected: `a socket whose absolute path has at most ${longestSocketPath} bytes` }]
}

function checkIdentityHeaders(value: unknown, headers: KeyPath): Problem[] {
  const firsts = new Map<string, string>()
  return namesAt(value, ...headers).flatMap((name) => {
    const first = firsts.get(foldHeaderName(name))
    firsts.set(foldHeaderName(name), first ?? name)
    if (first === undefined) return []
    const path = [...headers, name]
    return [{ path, found: 'another spelling of a header', expected: `only ${first}` }]
  })
}

type Kind = 'http' | 'raw' | 'unix' | 'srv'

/** What the servers of an upstream speak; undefined where no server can be read. */
function kindOf(url: string | undefined): Kind | undefined {
  const kind = parseServer(url ?? '')?.kind
  if (kind === 'tcp' || kind === 'tls') return 'raw'
  return kind === 'https' ? 'http' : kind
}

function serversOf(value: unknown, name: string): { url: string | undefined; path: KeyPath }[] {
  return listAt(value, 'upstreams', name, 'servers').map((server, index) => {
    const path = ['upstreams', name, 'servers', index]
    return typeof server === 'string'
      ? { url: server, path }
      : { url: textAt(server, 'url'), path: [...path, 'url'] }
  })
}

function checkServers(value: unknown, folder: string): Problem[] {
  return namesAt(value, 'upstreams').flatMap((name) => {
    let first: Kind | undefined
    const paths = new Map<string, KeyPath>()
    return serversOf(value, name).flatMap(({ url, path }) => {
      const kind = kindOf(url)
      // What is known of a server goes by its URL; more of it is what a weight says.
      const same = url === undefined ? undefined : paths.get(url)
      if (same !== undefined) {
        return [{ path, expected: `a URL that ${formatPath(same)} does not have already` }]
      }
      if (url !== undefined) paths.set(url, path)
      if (kind === 'unix') return checkSocketPath(path, resolve(folder, parseServer(url!)!.path))
      // What is behind the name is whatever its routes take it for.
      if (kind === 'srv') return []
      first ??= kind
      if (kind === undefined || kind === first) return []
      return [{ path, expected: `${schemes[first!]}, as the servers before it` }]
    })
  })
}

const schemes = {
  http: 'a URL with http, https, ws or wss',
  raw: 'a URL with tcp or tls',
  unix: 'unix:/path',
  srv: 'srv://name',
} as const

/** A certificate is of no use without its key, nor a key without its certificate. */
function checkClientCertificates(value: unknown): Problem[] {
  const places: KeyPath[] = [
    ...namesAt(value, 'upstreams').map((name) => ['upstreams', name, 'tls']),
    ...listAt(value, 'routes').map((_, index) => ['routes', index, 'bridge', 'tls']),
  ]
  return places.flatMap((path) => {
    const given = ['cert', 'key'].filter((key) => at(value, ...path, key) !== undefined)
    const [only] = given
    if (only === undefined || given.length === 2) return []
    const other = only === 'cert' ? 'key' : 'cert'
    return [{ path: [...path, only], found: `it without ${other}`, expected: `${other} beside it` }]
  })
}

function checkRouteNames(value: unknown): Problem[] {
  const routes = listAt(value, 'routes')
  // A name that the gateway gives is taken too.
  const firsts = new Map<string, number>()
  routes.forEach((route, index) => {
    if (at(route, 'name') === undefined) firsts.set(`route-${index + 1}`, index)
  })
  return routes.flatMap((route, index) => {
    const name = textAt(route, 'name')
    if (name === undefined) return []
    const first = firsts.get(name)
    if (first === undefined) firsts.set(name, index)
    if (first === undefined) return []
    return [
      {
        path: ['routes', index, 'name'],
        expected: `a name that routes[${first}] does not have already`,
      },
    ]
  })
}

function checkAction(
  route: unknown,
  path: KeyPath,
  isBroken: (path: KeyPath) => boolean,
): Problem[] {
  if (!(route instanceof Object) || Array.isArray(route)) return []
  const given = namesAt(route).filter((key) => actions.some((action) => action === key))
  const problems: Problem[] = given.slice(1).map((key) => ({
    path: [...path, key],
    found: `a second action beside ${given[0]}`,
    expected: `exactly one of ${words(actions)}`,
  }))
  const misspelt = actions.some((action) => isBroken([...path, action]))
  if (given.length === 0 && !misspelt)
    problems.push({ path, found: 'no action', expected: `exactly one of ${words(actions)}` })
  if (given.length > 0 && !given.includes('bridge')) {
    const stray = ['protocol', 'subprotocols', 'messages'].filter((key) =>
      Object.hasOwn(route, key),
    )
    problems.push(
      ...stray.map((key) => ({
        path: [...path, key],
        found: 'it on a route without bridge',
        expected: 'none',
      })),
    )
  }
  if (given.includes('bridge') && at(route, 'match', 'websocket') === false) {
    problems.push({
      path: [...path, 'match', 'websocket'],
      found: 'plain requests only, on a route with bridge',
      expected: 'true, or none: a bridge carries WebSockets alone',
    })
  }
  const status = at(route, 'respond', 'status')
  if (
    (status === 204 || status === 205 || status === 304) &&
    at(route, 'respond', 'body') !== undefined
  ) {
    problems.push({ path: [...path, 'respond', 'body'], expected: `no body with status ${status}` })
  }
  return problems
}

function checkUpstreamUse(value: unknown): Problem[] {
  const upstreams = at(value, 'upstreams') ?? {}
  // What is no mapping has its own complaint.
  if (!(upstreams instanceof Object) || Array.isArray(upstreams)) return []
  const names = Object.keys(upstreams)
  const used = new Map<string, { action: 'proxy' | 'bridge'; route: number }>()
  return listAt(value, 'routes').flatMap((route, index) =>
    (['proxy', 'bridge'] as const).flatMap((action): Problem[] => {
      const name = textAt(route, action)
      if (name === undefined) return []
      const path = ['routes', index, action]
      if (!names.includes(name)) {
        const expected =
          names.length === 0
            ? 'the name of one of the upstreams, of which there are none'
            : words(names)
        return [
          {
            path,
            expected: names.length === 0 ? expected : `the name of an upstream: ${expected}`,
          },
        ]
      }
      const before = used.get(name)
      if (before === undefined) used.set(name, { action, route: index })
      const kinds = new Set(serversOf(value, name).map(({ url }) => kindOf(url)))
      const wrong = action === 'proxy' ? 'raw' : 'http'
      // An upstream of mixed servers has its own complaint.
      if (kinds.has('raw') && kinds.has('http')) return []
      if (kinds.has(wrong)) {
        const fitting =
          action === 'proxy' ? 'http, https, ws, wss, srv or unix' : 'tcp, tls, srv or unix'
        return [{ path, expected: `an upstream whose servers are ${fitting}` }]
      }
      // A socket or a service speaks one of the two; which, only its users say.
      const isOfEither = kinds.has('unix') || kinds.has('srv')
      const clash = before !== undefined && before.action !== action && before.route !== index
      if (!clash || kinds.has('raw') || kinds.has('http') || !isOfEither) return []
      return [
        {
          path,
          expected: `an upstream that routes[${before.route}] does not use under ${before.action}`,
        },
      ]
    }),
  )
}

function checkPathFolding(value: unknown): Problem[] {
  const firsts = new Map<string, string>()
  return listAt(value, 'routes').flatMap((_, index) =>
    textsAt(value, 'routes', index, 'match', 'path').flatMap(({ text, path }) => {
      if (!isPathPattern(text)) return []
      const folded = foldPathPattern(text)
      const first = firsts.get(folded) ?? text
      firsts.set(folded, first)
      if (first === text) return []
      return [
        { path, expected: `${first}, from which it differs by case or a trailing slash only` },
      ]
    }),
  )
}
