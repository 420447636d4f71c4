import { UsageError } from '../usage-error.ts'
import { specs, type OptionName, type OptionSpec } from './options.ts'

/** What was typed, before it is known to make sense. */
export interface CommandLine {
  readonly switches: ReadonlySet<OptionName>
  readonly texts: ReadonlyMap<OptionName, string>
  /** Of options whose value is a number. */
  readonly seconds: ReadonlyMap<OptionName, number>
  /** The flags that websockify does not know, as `readFlags` takes them. */
  readonly own: Readonly<Record<string, unknown>>
  readonly positionals: readonly string[]
  /** What stands behind `--`; undefined where there is none. */
  readonly program: readonly string[] | undefined
}

/** Flags of our own beside websockify's: `true` is one that takes a value. */
export type OwnFlags = Readonly<Record<string, boolean>>

/**
 * Reads a command line in the manner of Python's optparse: options may stand between arguments, be
 * shortened to what only one begins with, and carry their value behind `=` or as the next argument;
 * short ones may be joined. The last of several wins.
 * @throws {UsageError}
 */
export function parseCommandLine(argv: readonly string[], ownFlags: OwnFlags): CommandLine {
  const reading = new Reading(argv, ownFlags)
  while (reading.more) reading.next()
  return reading
}

class Reading implements CommandLine {
  readonly switches = new Set<OptionName>()
  readonly texts = new Map<OptionName, string>()
  readonly seconds = new Map<OptionName, number>()
  readonly own: Record<string, unknown> = {}
  readonly positionals: string[] = []
  program: readonly string[] | undefined
  readonly #rest: string[]
  readonly #ownFlags: OwnFlags

  constructor(argv: readonly string[], ownFlags: OwnFlags) {
    this.#rest = [...argv]
    this.#ownFlags = ownFlags
  }

  get more(): boolean {
    return this.#rest.length > 0
  }

  next(): void {
    const word = this.#rest.shift()!
    if (word === '--') this.program = this.#rest.splice(0)
    else if (word.startsWith('--')) this.#long(word)
    else if (word.startsWith('-') && word !== '-') this.#short(word)
    else this.positionals.push(word)
  }

  #long(word: string): void {
    const equals = word.indexOf('=')
    const typed = word.slice(2, equals === -1 ? undefined : equals)
    const value = equals === -1 ? undefined : word.slice(equals + 1)
    const takesValue = this.#ownFlags[typed]
    if (takesValue === undefined) this.#set(nameOf(typed), value)
    else this.#setOwn(typed, takesValue, value)
  }

  #setOwn(name: string, takesValue: boolean, joined: string | undefined): void {
    if (!takesValue) {
      if (joined !== undefined) throw new UsageError(`--${name}: takes no value`)
      this.own[name] = true
      return
    }
    const value = this.#valueOf(name, joined)
    const before = this.own[name]
    this.own[name] = before === undefined ? value : [before, value].flat()
  }

  #short(word: string): void {
    for (let at = 1; at < word.length; at++) {
      const letter = word[at]!
      const [name] = Object.entries(specs).find(([, { short }]) => short === letter) ?? []
      if (!isOption(name)) throw new UsageError(`-${letter}: there is no such option`)
      this.#set(name, undefined)
    }
  }

  #set(name: OptionName, joined: string | undefined): void {
    const spec = specs[name]!
    if (spec.kind === 'switch') {
      if (joined !== undefined) throw new UsageError(`--${name}: takes no value`)
      this.switches.add(name)
      return
    }
    const value = this.#valueOf(name, joined)
    if (spec.kind === 'seconds') this.seconds.set(name, secondsOf(name, value))
    else this.texts.set(name, chosen(name, spec, value))
  }

  #valueOf(name: string, joined: string | undefined): string {
    const value = joined ?? this.#rest.shift()
    if (value === undefined) throw new UsageError(`--${name}: needs a value`)
    return value
  }
}

/** The option that was meant, which may be written short. */
function nameOf(typed: string): OptionName {
  if (isOption(typed)) return typed
  const meant = Object.keys(specs).filter((name) => typed !== '' && name.startsWith(typed))
  const [only] = meant
  if (meant.length === 1 && isOption(only)) return only
  if (meant.length === 0) throw new UsageError(`--${typed}: there is no such option`)
  throw new UsageError(`--${typed}: may be ${meant.map((name) => `--${name}`).join(' or ')}`)
}

function isOption(name: string | undefined): name is OptionName {
  return name !== undefined && Object.hasOwn(specs, name)
}

function secondsOf(name: string, value: string): number {
  // More than a timer can wait for.
  if (/^\d{1,6}$/.test(value)) return Number(value)
  throw new UsageError(`--${name}: found "${value}", expected whole seconds, fewer than 1000000`)
}

function chosen(name: string, { choices }: OptionSpec, value: string): string {
  if (choices === undefined || choices.includes(value)) return value
  throw new UsageError(`--${name}: found "${value}", expected ${choices.join(', ')}`)
}
