/** Where something stands in the configuration: the keys and list positions that lead to it. */
export type KeyPath = readonly (string | number)[]

/** One mistake. Its message reads "path: found …, expected …". */
export interface Problem {
  readonly path: KeyPath
  /** Position in the source, where another one than that of `path` says more. */
  readonly offset?: number
  /** Left out: what the source shows at `path`. */
  readonly found?: string
  /** What is wrong with it, where that is not plain: follows what was found. */
  readonly why?: string
  readonly expected: string
}

/**
 * A configuration that cannot be used. `problems` are all of its mistakes, one printable line each.
 */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options)
    this.problems = problems
  }

  override toString(): string {
    return this.problems.join('\n')
  }
}

/** `routes[0].match.path`; keys that are no plain words are quoted. */
export function formatPath(path: KeyPath): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else if (/^[\w-]+$/.test(key)) text += text === '' ? key : `.${key}`
    else text += `[${JSON.stringify(key)}]`
  }
  return text === '' ? 'configuration' : text
}
