import { UsageError } from './usage-error.ts'

/** A flag of a command. Every one has a variable too: `--tls-cert` is `DRAWBRIDGE_TLS_CERT`. */
export interface FlagSpec {
  /**
   * A `text` has one value, a `list` may be given several times or with commas, a `switch` has
   * none.
   */
  readonly kind: 'text' | 'list' | 'switch'
  readonly describe: string
  readonly choices?: readonly string[]
}

export type FlagSpecs = Readonly<Record<string, FlagSpec>>

/** The values of a command's flags: undefined where neither the flag nor its variable was given. */
export type FlagValues<Specs extends FlagSpecs> = {
  readonly [Name in keyof Specs]: FlagValueOf<Specs[Name]> | undefined
}

type FlagValueOf<Spec extends FlagSpec> = Spec extends { choices: readonly (infer Choice)[] }
  ? Choice
  : { text: string; list: readonly string[]; switch: boolean }[Spec['kind']]

export interface Flags<Specs extends FlagSpecs> {
  readonly values: FlagValues<Specs>
  /** What the user wrote for a flag, to name it in messages: the flag, or its variable. */
  readonly sources: FlagSources<Specs>
}

export type FlagSources<Specs extends FlagSpecs> = Readonly<Partial<Record<keyof Specs, string>>>

type FlagValue = string | boolean | readonly string[]

/**
 * Reads flags from what was typed and from the environment. A flag beats its variable; an empty
 * variable is an unset one; variables that name no flag are none of our business (Kubernetes sets
 * DRAWBRIDGE_PORT for a service called drawbridge).
 * @throws {UsageError}
 */
export function readFlags<Specs extends FlagSpecs>(
  specs: Specs,
  typed: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
): Flags<Specs> {
  const values: Record<string, FlagValue> = {}
  const sources: Record<string, string> = {}
  for (const [name, spec] of Object.entries(specs)) {
    const variable = variableOf(name)
    const given = typed[name]
    const source = given === undefined ? variable : `--${name}`
    const value = given === undefined ? env[variable] : given
    if (value === undefined || (source === variable && value === '')) continue
    values[name] = valueOf(source, spec, value)
    sources[name] = source
  }
  // A loop over entries cannot tell the compiler which name got which kind of value; it has
  // followed the specs.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { values, sources } as unknown as Flags<Specs>
}

/** The environment variable of a flag. */
export function variableOf(flag: string): string {
  return `DRAWBRIDGE_${flag.toUpperCase().replaceAll('-', '_')}`
}

function valueOf(source: string, spec: FlagSpec, value: unknown): FlagValue {
  if (spec.kind === 'text') return textValue(source, spec, value)
  if (spec.kind === 'list') {
    return listValue(source, Array.isArray(value) ? value.map(String) : [String(value)])
  }
  return typeof value === 'boolean' ? value : switchValue(source, String(value))
}

function textValue(source: string, spec: FlagSpec, value: unknown): string {
  if (Array.isArray(value)) throw new UsageError(`${source}: given more than once`)
  if (typeof value !== 'string' || value === '') throw new UsageError(`${source}: needs a value`)
  if (spec.choices !== undefined && !spec.choices.includes(value)) {
    throw new UsageError(`${source}: found "${value}", expected ${spec.choices.join(', ')}`)
  }
  return value
}

function listValue(source: string, values: readonly string[]): readonly string[] {
  const entries = values.flatMap((value) => value.split(/[\s,]+/)).filter((entry) => entry !== '')
  if (entries.length === 0) throw new UsageError(`${source}: needs a value`)
  return entries
}

function switchValue(source: string, text: string): boolean {
  if (/^(?:1|true|yes|on)$/i.test(text)) return true
  if (/^(?:0|false|no|off)$/i.test(text)) return false
  throw new UsageError(`${source}: found "${text}", expected true or false`)
}
