import { readFile as readFileFromDisk } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import type { Config } from './config.ts'
import type { Sources } from './interpolate.ts'
import { checkAuthenticators } from './auth-references.ts'
import { checkRouteAuth } from './route-auth.ts'
import { evaluateYaml, filesInYaml } from './load-values.ts'
import { parseYaml } from './load-yaml.ts'
import { checkNamedFiles } from './named-files.ts'
import { findIdleKeys } from './idle-keys.ts'
import { findOverlaps } from './overlaps.ts'
import { ConfigError } from './problem.ts'
import type { ReadFile } from './read-text.ts'
import { readBytes, readText, UnusableFile } from './read-text.ts'
import { checkReferences } from './references.ts'
import { readRegularFile } from './regular-file.ts'
import { checkSchema } from './schema-check.ts'
import { settle } from './settle.ts'
import { checkTargets } from './target-references.ts'
import type { Source } from './source.ts'
import { filesInObject, sourceFromObject } from './source-from-object.ts'

export type Environment = Readonly<Record<string, string | undefined>>

export interface Loaded {
  readonly config: Config
  /** What may be meant, and is worth a look: printable lines. */
  readonly warnings: readonly string[]
}

export interface FileOptions {
  /** As it is to appear in messages; relative to the working directory. */
  readonly file: string
  readonly env: Environment
  /**
   * Left out: the file itself may be anything that has an end, such as /dev/stdin; what it names
   * is read only where it is a regular file.
   */
  readonly readFile?: ReadFile
}

/**
 * Loads a YAML or JSON file, and reads every file that it names.
 * @throws {ConfigError} all mistakes at once, as `FILE:LINE:COLUMN: path: found …, expected …`
 */
export async function loadConfig(options: FileOptions): Promise<Loaded> {
  const { file, env, readFile = readRegularFile } = options
  const folder = dirname(resolve(file))
  const yaml = parseYaml(file, await readConfig(file, options.readFile ?? readFileFromDisk))
  const sources = await readSources(filesInYaml(yaml), { env, folder, readFile })
  return check(evaluateYaml(yaml, sources), folder, readFile)
}

export interface ObjectOptions {
  /** What relative paths are relative to. */
  readonly folder: string
  /** Left out: `${…}` is not replaced. */
  readonly env?: Environment
  readonly readFile?: ReadFile
}

/**
 * Takes a configuration that is an object of the same form as a file. Members that are undefined
 * count as left out.
 * @throws {ConfigError} all mistakes at once, as `path: found …, expected …`
 */
export async function configFromObject(input: unknown, options: ObjectOptions): Promise<Loaded> {
  const { folder, env, readFile = readRegularFile } = options
  const sources =
    env === undefined
      ? undefined
      : await readSources(filesInObject(input), { env, folder, readFile })
  return check(sourceFromObject(input, sources), folder, readFile)
}

async function check(source: Source, folder: string, readFile: ReadFile): Promise<Loaded> {
  const { checked, problems } = checkSchema(source)
  const others = [
    ...checkReferences(source.value, folder, (path) => source.isBroken(path)),
    ...checkAuthenticators(source.value, (path) => source.isBroken(path)),
    ...checkRouteAuth(source.value),
    ...checkTargets(source.value, (path) => source.isBroken(path)),
    ...(await checkNamedFiles(source.value, folder, readFile)),
  ]
  const all = [
    ...source.problems,
    ...[...problems, ...others].filter(({ path }) => !source.isBroken(path)),
  ]
  if (checked === undefined || all.length > 0) throw new ConfigError(source.format(all))
  const config = settle(checked, folder)
  const warnings = [
    ...findIdleKeys(source.value).map(({ path, text }) => source.remark(path, text)),
    ...findOverlaps(config).map(({ second, text }) => source.remark(['routes', second], text)),
  ]
  return { config, warnings }
}

async function readConfig(file: string, readFile: ReadFile): Promise<Uint8Array> {
  try {
    return await readBytes(resolve(file), readFile)
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    throw new ConfigError(
      [`${file}: found a file that ${error.message}, expected a configuration`],
      { cause: error },
    )
  }
}

/** The values of all references, so that replacing them needs no waiting. */
async function readSources(
  paths: readonly string[],
  { env, folder, readFile }: { env: Environment; folder: string; readFile: ReadFile },
): Promise<Sources> {
  const texts = new Map<string, string | Error>()
  for (const path of new Set(paths)) {
    const text = await readText(resolve(folder, path), readFile).catch((error: unknown) => {
      if (error instanceof UnusableFile) return error
      throw error
    })
    texts.set(path, text)
  }
  const file = (path: string): string => {
    const text = texts.get(path)
    if (typeof text === 'string') return text
    throw text ?? new UnusableFile('was not read')
  }
  return { env, file }
}
