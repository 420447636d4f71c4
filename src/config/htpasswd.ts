/** A mistake in a file that the configuration names. Its message never holds what stands there. */
export interface Fault {
  /** From 1. */
  readonly line: number
  /** Continues "with …". */
  readonly found: string
  readonly expected: string
}

/** Login names and their bcrypt hashes, `$2y$` written as `$2b$`. */
export interface Htpasswd {
  readonly hashes: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
}

// A check of cost 16 takes seconds of one core, and each step doubles it.
const greatestCost = 16

/**
 * Reads the lines `NAME:HASH` of Apache's htpasswd; empty lines and those that begin with `#` are
 * left out.
 */
export function parseHtpasswd(text: string): Htpasswd {
  const hashes = new Map<string, string>()
  const faults: Fault[] = []
  text.split(/\r?\n/).forEach((line, index) => {
    if (line.trim() === '' || line.startsWith('#')) return
    const [, name = '', hash = ''] = /^([^:]*):(.*)$/.exec(line) ?? []
    const fault = faultOf(line, name, hash) ?? (hashes.has(name) ? repeated : undefined)
    // `$2y$` is PHP's and Apache's name for what libraries know as `$2b$`.
    if (fault === undefined) hashes.set(name, hash.replace(/^\$2y/, '$2b'))
    else faults.push({ line: index + 1, ...fault })
  })
  if (hashes.size === 0 && faults.length === 0) {
    faults.push({ line: 1, found: 'nobody', expected: 'at least one line NAME:HASH' })
  }
  return { hashes, faults }
}

const repeated = { found: 'a name a second time', expected: 'each name once' }
const bcryptOnly = 'bcrypt, as `htpasswd -B` makes it ($2y$, $2b$ or $2a$)'

function faultOf(line: string, name: string, hash: string): Omit<Fault, 'line'> | undefined {
  if (!line.includes(':')) return { found: 'no colon', expected: 'NAME:HASH' }
  if (name === '') return { found: 'no name', expected: 'NAME:HASH' }
  if (/\p{Cc}/u.test(name)) return { found: 'a control character', expected: 'a printable name' }
  const [, digits] = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(hash) ?? []
  if (digits === undefined) return { found: kindOf(hash), expected: bcryptOnly }
  const cost = Number(digits)
  if (cost >= 4 && cost <= greatestCost) return undefined
  return { found: `a cost of ${cost}`, expected: `a cost from 4 to ${greatestCost}` }
}

/** What kind of hash it is instead, as far as that helps. */
function kindOf(hash: string): string {
  if (hash === '') return 'no hash'
  if (hash.startsWith('{SHA}')) return 'an unsalted SHA-1 hash'
  if (/^\$(?:apr1|1)\$/.test(hash)) return 'an MD5 hash'
  if (/^\$[56]\$/.test(hash)) return 'a crypt hash of SHA-2'
  if (/^\$2[abxy]?\$/.test(hash)) return 'a broken bcrypt hash'
  return /^[./A-Za-z0-9]{13}$/.test(hash) ? 'a crypt hash of DES' : 'another kind of hash, or none'
}
