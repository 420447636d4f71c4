import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mintPair } from '../../support/certs.ts'

export interface CertificateFiles {
  /** A listener's `tls`. */
  readonly tls: { readonly certificates: readonly { cert: string; key: string }[] }
  remove(): void
}

/** A certificate for localhost, as files. */
export async function certificateFiles(): Promise<CertificateFiles> {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
  const pair = await mintPair(['localhost'])
  const files = { cert: join(folder, 'leaf.crt'), key: join(folder, 'leaf.key') }
  writeFileSync(files.cert, pair.cert)
  writeFileSync(files.key, pair.key)
  return {
    tls: { certificates: [files] },
    remove: () => rmSync(folder, { recursive: true }),
  }
}
