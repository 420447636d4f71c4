import { GatewayError } from '../errors.ts'

/**
 * What a log line carries besides its message: plain values, errors, and whatever has a `toJSON` (a
 * `Secret` has).
 */
export type LogFields = Readonly<Record<string, unknown>>

/**
 * Longest text of one field, in UTF-16 units; what is over is cut and marked. A peer chooses some
 * of these texts.
 */
const maxTextLength = 1024
const maxDepth = 4
const maxEntries = 64

/**
 * Names under which nothing is ever shown, whoever logs it. The last line of defence: call sites do
 * not pass these.
 */
const hiddenNames = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'password',
  'secret',
  'headers',
  'rawheaders',
  'sec-websocket-key',
])

/**
 * Fields as they may be printed: bounded in size and depth, errors reduced to what an operator
 * needs.
 */
export function printableFields(fields: LogFields): Record<string, unknown> {
  return printableRecord(fields, 1)
}

function printableRecord(fields: object, depth: number): Record<string, unknown> {
  const printable: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields).slice(0, maxEntries)) {
    if (value === undefined) continue
    printable[name] = hiddenNames.has(name.toLowerCase())
      ? '[redacted]'
      : printableValue(value, depth)
  }
  return printable
}

function printableValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cut(value)
  // JSON has no word for Infinity and NaN; null would hide that there was a value.
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Error) return printableError(value)
  if (typeof value === 'object' && value !== null) return printableObject(value, depth)
  return typeof value === 'boolean' || value === null ? value : `[${typeof value}]`
}

function printableObject(value: object, depth: number): unknown {
  if (depth >= maxDepth) return '[nested]'
  if (hasToJson(value)) return printableValue(value.toJSON(), depth + 1)
  if (Array.isArray(value)) {
    return value.slice(0, maxEntries).map((entry) => printableValue(entry, depth + 1))
  }
  return printableRecord(value, depth + 1)
}

function hasToJson(value: object): value is { toJSON: () => unknown } {
  return 'toJSON' in value && typeof value.toJSON === 'function'
}

/**
 * An error without its own properties: those of undici and node:http hold headers and whole
 * requests. A stack is kept only where it says something, which is for bugs.
 */
function printableError(error: Error): Record<string, unknown> {
  const chain = causeChain(error)
  const causes = chain
    .slice(1)
    .flatMap((cause) => (cause.message === '' ? [] : [cut(cause.message)]))
  const stack = chain.at(-1)?.stack
  const expected = error instanceof GatewayError && error.token !== 'internal'
  return {
    type: error.name,
    ...(error instanceof GatewayError && { token: error.token }),
    ...('code' in error && typeof error.code === 'string' && { code: cut(error.code) }),
    message: cut(error.message),
    ...(causes.length > 0 && { causes }),
    // The innermost one: a bug that was wrapped as `internal` was thrown there.
    ...(!expected && stack !== undefined && { stack: cut(stack) }),
  }
}

/**
 * The error and what caused it, outermost first. A failed attempt at several addresses has one
 * cause for each.
 */
function causeChain(error: Error): Error[] {
  const chain: Error[] = []
  const visit = (found: unknown): void => {
    if (!(found instanceof Error) || chain.length > maxDepth || chain.includes(found)) return
    chain.push(found)
    if (found instanceof AggregateError) for (const each of found.errors) visit(each)
    visit(found.cause)
  }
  visit(error)
  return chain
}

function cut(text: string): string {
  return text.length <= maxTextLength ? text : `${text.slice(0, maxTextLength)}…`
}
