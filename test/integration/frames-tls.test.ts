import { afterAll, beforeAll, describe, test } from 'vitest'
import { readCorpus } from '../support/frame-corpus.ts'
import { runRow } from '../support/frame-run.ts'
import { RawGateway } from '../support/raw-session.ts'
import { tlsFiles } from '../support/tls-files.ts'
import type { TlsFiles } from '../support/tls-files.ts'

/** The tables once more with TLS on both legs, each row in one piece. */
let files: TlsFiles
let gateway: RawGateway
beforeAll(async () => {
  files = await tlsFiles()
  const limits = {
    message: '64KiB',
    controlFrameRate: { max: '1/m', burst: 50, over: 'close' },
  }
  gateway = await RawGateway.relay({ limits }, { tls: files })
})
afterAll(() => {
  gateway.stop()
  files.remove()
})

describe.each(['client', 'upstream'] as const)('frames of the %s over TLS', (from) => {
  test.each(readCorpus('frames.txt'))('$name', async (row) => {
    await runRow(row, from, [row.bytes(from)], await gateway.open())
  })
})
