const maxLevels = 3
const maxReadings = 32
const longest = 4096

/**
 * In how many ways a backend may read a path. The path is forwarded as the client wrote it, and
 * some backend behind it will decode it twice, drop `;parameters`, take `\` for `/` or fold its
 * case. Where all readings find the same route, none of them leads behind a guard that was not
 * passed. Any step may follow any other (`/public/..%3b/private` needs three of them), so that what
 * counts is the closure of the path under all steps, and each step is needed: test/unit/route holds
 * the proof against models of 40 kinds of backend.
 * @param path bytes as latin1 text
 * @returns every reading, the path itself first; undefined for what no backend may get to read
 *   (always 400)
 */
export function readings(path: string): ReadonlySet<string> | undefined {
  if (plain.test(path)) return new Set([path])
  if (!path.startsWith('/') || path.length > longest || forbidden.test(path)) return undefined
  if (!decodable(path)) return undefined
  const found = new Set([path])
  // A Set hands out what is added while it is walked: this is the closure.
  for (const reading of found) {
    if (dotDot.test(reading)) return undefined
    for (const step of steps) found.add(step(reading))
    if (found.size > maxReadings) return undefined
  }
  return found
}

/**
 * Whether nobody reads a path in another way, but for the case of its letters: what is taken out of
 * it is what the client meant.
 */
export function readsOneWay(path: string): boolean {
  const ways = readings(path)
  if (ways === undefined) return false
  const folded = path.toLowerCase()
  return [...ways].every((reading) => reading === path || reading === folded)
}

/**
 * What no backend reads in two ways: lower case, no escape, no empty or hidden segment, none that
 * ends in a dot, no slash at the end. Nearly every path is plain, and is recognised in one scan.
 */
const plain = /^(?:\/(?!\.)[a-z0-9_~!&'()*+,=@.-]*[a-z0-9_~!&'()*+,=@-])+$|^\/$/

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const forbidden = /[\0-\x20\x7f\\#?]|%(?![0-9a-f]{2})/i

// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\0-\x1f\x7f]/

/**
 * UTF-8 in more bytes than needed: a second spelling of `.` and `/` to decoders that let it pass.
 */
const overlong = /[\xc0\xc1]|\xe0[\x80-\x9f]|\xf0[\x80-\x8f]|\xf8[\x80-\x87]|\xfc[\x80-\x83]/

/**
 * A segment `..`, also with blanks or further dots that Windows drops, and also where a later step
 * would end it.
 */
const dotDot = /(?:^|[/\\]) *\. *\.[. ]*(?=[/\\;?#]|$)/

/** Whether three levels of decoding are enough and show nothing that is never allowed. */
function decodable(path: string): boolean {
  let level = path
  for (let levels = 0; ; levels += 1) {
    if (control.test(level) || overlong.test(level)) return false
    const next = decode(level)
    if (next === level) return true
    if (levels === maxLevels) return false
    level = next
  }
}

/**
 * What single backends do to a path. The closure gives the orders, and the second and third time.
 */
const steps: readonly ((path: string) => string)[] = [
  decode,
  (path) => path.replace(/%5c|\\/gi, '/'),
  // Visible once a %3F or %23 is decoded: to the next hop the path ends there.
  (path) => path.replace(/[?#].*$/s, ''),
  // Servlet containers drop the parameters of each segment, others everything behind the first.
  (path) => path.replace(/;[^/]*/g, ''),
  (path) => path.replace(/;.*$/s, ''),
  // `new URL('//a/b', base)` takes the first segment for an authority.
  (path) => path.replace(/^\/{2,}[^/]*/, '') || '/',
  compatible,
  fold,
]

function decode(path: string): string {
  return path.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
}

/**
 * Compatibility forms of what is not ASCII, and their capitals: full-width dots and slashes, the
 * Kelvin sign, the long s, the dotless i. The case of ASCII is left to `fold`: capitals made here
 * would fall under no pattern, and refuse whatever is not ASCII below a prefix.
 */
function compatible(path: string): string {
  if (!/[\x80-\xff]/.test(path)) return path
  const text = Buffer.from(path, 'latin1').toString('utf8').normalize('NFKC')
  const capitals = text.replace(/[^ -~]+/g, (run) => run.toUpperCase())
  return Buffer.from(capitals).toString('latin1')
}

/**
 * Case, doubled and trailing slashes, and the ends of names that Windows drops: `name.`, `name `,
 * `name::$DATA`.
 */
function fold(path: string): string {
  const segments = path
    .toLowerCase()
    .split('/')
    .map((segment) => segment.replace(/::?\$.*$/, '').replace(/(?<![. ])[. ]+$/, ''))
  return segments
    .join('/')
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1')
}
