import type { Loaded } from '../../../src/config/load.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { ConfigError } from '../../../src/config/problem.ts'

/** A file without mistakes, once routes are added; sections may follow. */
export const edge =
  'listeners: { edge: { bind: "127.0.0.1:0" } }\nupstreams: { app: { servers: ["http://app"] } }\n'
export const routes = 'routes: [{ proxy: app }]\n'

const env = {
  PORT: '8443',
  HOST: 'localhost',
  SECRET: 'hunter2 !',
  STATUS: '204',
  FLAG: 'true',
  LIST: '[a, b]',
}

/**
 * Loads a text as if it were a file; what the file names is really read, from the folder of this
 * one.
 */
export async function load(text: string | Uint8Array): Promise<Loaded> {
  const readFile = async () => Buffer.from(text)
  return loadConfig({ file: 'edge.yaml', env, readFile })
}

/** All that is wrong with a text. */
export async function problems(text: string | Uint8Array): Promise<readonly string[]> {
  return problemsOf(load(text))
}

export async function problemsOf(loading: Promise<unknown>): Promise<readonly string[]> {
  const error: unknown = await loading.catch((thrown: unknown) => thrown)
  if (error instanceof ConfigError) return error.problems
  throw new Error('nothing is wrong with it', { cause: error })
}

/** All that is wrong with a text, without file, line and column. */
export async function complaints(text: string): Promise<string[]> {
  const lines = await problems(text)
  return lines.map((line) => line.replace(/^[^:]*:\d+:\d+: /, ''))
}
