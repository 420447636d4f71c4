import { posix } from 'node:path'

type Model = (path: string) => string | undefined

/**
 * How kinds of backend find what a request path names, modelled after what servers and frameworks
 * are known to do. Paths are bytes as latin1 text; undefined is a request that the backend itself
 * refuses.
 */
const models: Record<string, Model> = {
  raw: (path) => path,
  // WHATWG: dot segments and %2e are resolved, nothing else is decoded.
  nodeUrl: (path) => pathnameOf(path.replace(/^\/\//, '/.//')),
  // `new URL(request.url, base)`: `//host` eats a segment.
  whatwgRelative: (path) => pathnameOf(path),
  legacyCollapse: (path) => path.replace(/^\/{2,}/, '/'),
  express: (path) => withoutSlash(path).toLowerCase(),
  expressStatic: (path) => {
    try {
      return clean(decodeURIComponent(path))
    } catch {
      return undefined // express answers 400
    }
  },
  nginx: (path) => clean(decode(path)),
  nginxWithoutMerge: (path) => dots(decode(path)),
  apache: (path) => (/%2f/i.test(path) ? undefined : clean(decode(path))),
  apacheEncodedSlashes: (path) => clean(decode(path)),
  apacheNoDecode: (path) => clean(decode(path.replace(/%2f/gi, '%252f'))),
  tomcat: (path) => (/%2f|%5c/i.test(path) ? undefined : clean(decode(parameters(path)))),
  tomcatDecodesSlash: (path) => clean(decode(parameters(path))),
  tomcatBackslash: (path) => clean(backslashes(decode(parameters(path)))),
  jetty: (path) => dots(mapSegments(path, (segment) => decode(segment.replace(/;.*$/, '')))),
  jettyDotsFirst: (path) => parameters(decode(dots(path))),
  cutSemicolon: (path) => clean(decode(path).replace(/;.*$/s, '')),
  springOld: (path) => withoutSlash(clean(parameters(decode(path)))),
  springContext: (path) => clean(parameters(decode(parameters(path)))),
  iis: (path) => windows(clean(backslashes(decode(path)))),
  iisDouble: (path) => windows(clean(backslashes(decode(decode(path))))),
  iisOverlong: (path) => clean(backslashes(overlong(decode(path)))),
  iisDotsThenSlash: (path) => dots(backslashes(dots(decode(path)))),
  iisTrimThenDots: (path) =>
    dots(mapSegments(decode(path), (segment) => segment.replace(/^\.\.[. ]*$/, '..'))),
  aspnet: (path) => withoutSlash(dots(decode(path.replace(/%2f/gi, '%252f'))).toLowerCase()),
  goClean: (path) => clean(decode(path)),
  goRaw: (path) => clean(path),
  rack: (path) => withoutSlash(decode(path)),
  rails: (path) => withoutSlash(clean(decode(path))),
  django: (path) => decode(path),
  php: (path) => clean(decode(path)),
  phpDouble: (path) => clean(decode(decode(path))),
  phpTriple: (path) => clean(decode(decode(decode(path)))),
  // A second hop parses the decoded path again.
  decodeCut: (path) => clean(cut(decode(path))),
  hopDecodesRaw: (path) => cut(decode(path)),
  unicodeNfkc: (path) => clean(nfkc(decode(path))),
  nfkcThenDecode: (path) => clean(decode(nfkc(decode(path)))),
  dotsThenDecode: (path) => decode(dots(path)),
  decodeDotsParametersDots: (path) => dots(parameters(dots(decode(path)))),
  mergeLast: (path) => clean(parameters(dots(decode(path))).replace(/\/{2,}/g, '/')),
  dotsBeforeMerge: (path) => dots(decode(path)).replace(/\/{2,}/g, '/'),
}

/** What each backend looks up for a path, by the name of its model. */
export const backends: readonly (readonly [name: string, resolve: Model])[] = Object.entries(
  models,
).map(([name, model]) => [name, (path) => rooted(model(path))])

function rooted(path: string | undefined): string | undefined {
  if (path === undefined || path.includes('\0')) return undefined
  return path.startsWith('/') ? path : `/${path}`
}

function decode(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

function pathnameOf(path: string): string | undefined {
  return URL.canParse(path, 'http://x') ? new URL(path, 'http://x').pathname : undefined
}

function clean(path: string): string {
  return posix.normalize(path)
}

/** Dot segments resolved, `%2e` too, nothing merged. */
function dots(path: string): string {
  const out: string[] = []
  const segments = path.split('/').slice(1)
  for (const [at, segment] of segments.entries()) {
    const plain = segment.replace(/%2e/gi, '.')
    if (plain !== '.' && plain !== '..') {
      out.push(segment)
      continue
    }
    if (plain === '..') out.pop()
    if (at === segments.length - 1) out.push('')
  }
  return `/${out.join('/')}`
}

function cut(path: string): string {
  return path.replace(/[?#].*$/s, '')
}

function parameters(path: string): string {
  return path.replace(/;[^/]*/g, '')
}

function backslashes(path: string): string {
  return path.replaceAll('\\', '/')
}

function withoutSlash(path: string): string {
  return path.replace(/\/+$/, '') || '/'
}

function mapSegments(path: string, map: (segment: string) => string): string {
  return path.split('/').map(map).join('/')
}

/** What Windows makes of file names. */
function windows(path: string): string {
  const names = mapSegments(path, (segment) =>
    segment === '..' || segment === '.'
      ? segment
      : segment.replace(/::\$.*$/i, '').replace(/[. ]+$/, ''),
  )
  return withoutSlash(names.toLowerCase())
}

/** UTF-8 in more bytes than needed, taken for what it stands for. */
function overlong(path: string): string {
  return path
    .replace(/[\xc0\xc1]./gs, (pair) =>
      String.fromCharCode(((pair.charCodeAt(0) & 31) << 6) | lowBits(pair, 1)),
    )
    .replace(/\xe0[\x80-\x9f]./gs, (triple) =>
      String.fromCharCode((lowBits(triple, 1) << 6) | lowBits(triple, 2)),
    )
}

function nfkc(path: string): string {
  const text = Buffer.from(path, 'latin1').toString('utf8').normalize('NFKC')
  return Buffer.from(text, 'utf8').toString('latin1')
}

function lowBits(text: string, at: number): number {
  return text.charCodeAt(at) & 63
}
