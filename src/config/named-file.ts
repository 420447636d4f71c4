import { resolve } from 'node:path'
import type { KeyPath, Problem } from './problem.ts'
import { type ReadFile, readText, UnusableFile } from './read-text.ts'
import { textAt } from './tree.ts'

/** A configuration that nobody has checked yet, and how the files are read that it names. */
export interface Context {
  readonly value: unknown
  readonly folder: string
  readonly readFile: ReadFile
}

/**
 * The parsed file that the configuration names at the path, or what is wrong with it; neither where
 * it names none.
 */
export async function readNamed<T extends object>(
  context: Context,
  path: KeyPath,
  expected: string,
  parse: (text: string) => T | undefined,
): Promise<{ value?: T; problems: Problem[] }> {
  const { text, problems } = await readNamedText(context, path, expected)
  if (text === undefined) return { problems }
  const parsed = tryParse(text, parse)
  if (parsed !== undefined) return { value: parsed, problems: [] }
  return { problems: [{ path, why: 'which holds something else', expected }] }
}

/** The same without a look into it. */
export async function readNamedText(
  { value, folder, readFile }: Context,
  path: KeyPath,
  expected: string,
): Promise<{ text?: string; problems: Problem[] }> {
  const written = textAt(value, ...path)
  if (written === undefined || written === '' || written.includes('\0')) return { problems: [] }
  try {
    return { text: await readText(resolve(folder, written), readFile), problems: [] }
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    return { problems: [{ path, why: `which ${error.message}`, expected }] }
  }
}

function tryParse<T>(text: string, parse: (text: string) => T | undefined): T | undefined {
  try {
    return parse(text)
  } catch {
    // OpenSSL's reasons ("no start line") say less than what was expected.
    return undefined
  }
}
