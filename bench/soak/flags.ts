import { parseArgs } from 'node:util'

/**
 * The flags of a command line, all of which take a value; one whose default is a number takes
 * numbers. For `--help` and for what makes no sense the process ends with its usage.
 */
export function readFlags<T extends Record<string, string | number>>(
  usage: string,
  defaults: T,
): { [K in keyof T]: T[K] extends number ? number : string } {
  const names = Object.keys(defaults)
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  let values: Record<string, string | boolean | undefined>
  try {
    ;({ values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } }))
  } catch (error) {
    return leave(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`, 2)
  }
  if (values['help'] === true) return leave(usage, 0)
  const read = names.map((name) => {
    const fallback = defaults[name]!
    const given = values[name]
    if (given === undefined || typeof fallback === 'string') return [name, given ?? fallback]
    const number = Number(given)
    if (given === '' || !Number.isFinite(number) || number < 0)
      return leave(`--${name}: found ${String(given)}, expected a number\n\n${usage}`, 2)
    return [name, number]
  })
  return Object.fromEntries(read) as ReturnType<typeof readFlags<T>>
}

function leave(text: string, code: 0 | 2): never {
  ;(code === 0 ? process.stdout : process.stderr).write(text)
  process.exit(code)
}
