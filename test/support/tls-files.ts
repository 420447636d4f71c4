import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintPair } from './certs.ts'

export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** Where they are, as a configuration names them. */
  readonly certificates: { readonly cert: string; readonly key: string }[]
  readonly caFile: string
  remove(): void
}

/** A certificate for localhost, in files. */
export async function tlsFiles(): Promise<TlsFiles> {
  const { ca, cert, key } = await mintPair(['localhost', '127.0.0.1'])
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
  const write = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }
  return {
    ca,
    cert,
    key,
    certificates: [{ cert: write('leaf.crt', cert), key: write('leaf.key', key) }],
    caFile: write('ca.crt', ca),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
