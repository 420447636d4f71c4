import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tlsFiles } from '../../support/tls-files.ts'
import type { TlsFiles } from '../../support/tls-files.ts'
import { run } from './http-run.ts'
import type { Outcome, Row, RunOptions } from './http-run.ts'

/** Inputs that are under way at once: many of them wait for a connection to be closed. */
const lanes = 60
/** Longer inputs are not sent one byte a write. */
const longest = 300

interface CorpusOptions extends Pick<RunOptions, 'fin' | 'config'> {
  /** Whether the inputs are sent one byte a write, too. */
  readonly cut?: boolean
  /** Of how many inputs one is sent over TLS, too: every one unless said otherwise. */
  readonly tlsEvery?: number
}

interface Sent {
  readonly row: Row
  readonly options: RunOptions
  outcome?: Outcome | { readonly failed: unknown }
}

/**
 * Runs the rows of these tables in one write, one byte a write and over TLS: each has to come to
 * the same.
 */
export function describeCorpus(
  tables: Readonly<Record<string, readonly Row[]>>,
  { cut = true, tlsEvery = 1, ...options }: CorpusOptions = {},
): void {
  const all: Sent[] = []
  let files: TlsFiles | undefined
  for (const [title, rows] of Object.entries(tables)) {
    const short = cut ? rows.filter(([, bytes]) => bytes.length <= longest) : []
    const sample = rows.filter((_, at) => at % tlsEvery === 0)
    describe(title, () => {
      all.push(...expectOutcomes('in one write', rows, options))
      if (short.length > 0) {
        all.push(...expectOutcomes('one byte a write', short, { ...options, byteWise: true }))
      }
      all.push(
        ...expectOutcomes('over TLS', sample, { ...options, tls: () => files?.certificates }),
      )
    })
  }

  beforeAll(async () => {
    files = await tlsFiles()
    const waiting = all.values()
    const lane = async (): Promise<void> => {
      for (const sent of waiting) {
        sent.outcome = await run(sent.row, sent.options).catch((failed: unknown) => ({ failed }))
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }, 60_000)
  afterAll(() => files?.remove())
}

function expectOutcomes(manner: string, rows: readonly Row[], options: RunOptions): Sent[] {
  const sent: Sent[] = rows.map((row) => ({ row, options }))
  test.each(sent.map((one) => [one.row[0], one] as const))(`%s, ${manner}`, (_, one) => {
    const [, , outcome, upstream = []] = one.row
    expect(one.outcome).toEqual({ outcome, upstream })
  })
  return sent
}
