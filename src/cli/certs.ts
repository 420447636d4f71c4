import { createPrivateKey, X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isIP } from 'node:net'
import { parseHost } from '../config/host-name.ts'
import { defineCommand } from './command.ts'
import type { MintedPair } from './mint.ts'
import { UsageError } from './usage-error.ts'

export const certs = defineCommand({
  usage: 'certs <dir>',
  summary: 'Make a local certificate authority and a certificate that it signs, for development',
  positional: { name: 'dir', describe: 'The folder for ca.crt, ca.key, HOST.crt and HOST.key' },
  flags: {
    host: {
      kind: 'list',
      describe:
        'A name or an address that the certificate is for; may be repeated; the first names its files',
    },
  },
  examples: [
    ['$0 certs certs --host localhost 127.0.0.1', 'certs/localhost.crt and certs/localhost.key'],
    ['$0 certs certs --host app.test --host "*.app.test"', 'A second one, by the same authority'],
  ],
  async run({ values, sources }, folder) {
    const hosts = (values.host ?? []).map((host) => checkedHost(host, sources.host ?? '--host'))
    const [first] = hosts
    if (first === undefined) throw new UsageError('--host: name at least one host')
    await mkdir(folder, { recursive: true })
    const authority = await authorityIn(folder)
    const { mintLeaf } = await import('./mint.ts')
    const leaf = await mintLeaf(hosts, authority)
    const base = join(folder, first.replace(/^\*\./, '_wildcard.'))
    await replaceFile(`${base}.key`, leaf.key, 0o600)
    await replaceFile(`${base}.crt`, leaf.cert, 0o644)
    process.stdout.write(
      `${base}.crt and ${base}.key are for ${hosts.join(', ')}\n\n${howToTrust(join(folder, 'ca.crt'))}`,
    )
    return 0
  },
})

/**
 * The authority that is there, or a new one. One that is there is never replaced: people have come
 * to trust it.
 */
async function authorityIn(folder: string): Promise<MintedPair> {
  const files = { cert: join(folder, 'ca.crt'), key: join(folder, 'ca.key') }
  const [hasCert, hasKey] = [existsSync(files.cert), existsSync(files.key)]
  if (hasCert !== hasKey) {
    const [found, missing] = hasCert ? [files.cert, files.key] : [files.key, files.cert]
    throw new Error(`${found} is there without ${missing}: bring that back, or remove both`)
  }
  if (hasCert) {
    const found = {
      cert: await readFile(files.cert, 'utf8'),
      key: await readFile(files.key, 'utf8'),
    }
    checkAuthority(found, files)
    process.stdout.write(`${files.cert} is there and stays\n`)
    return found
  }
  const { mintAuthority } = await import('./mint.ts')
  const made = await mintAuthority(`Drawbridge local CA (${hostname()})`)
  await replaceFile(files.key, made.key, 0o600)
  await replaceFile(files.cert, made.cert, 0o644)
  process.stdout.write(`${files.cert} is a new authority; keep ${files.key} to yourself\n`)
  return made
}

function checkAuthority(found: MintedPair, files: MintedPair): void {
  let certificate: X509Certificate
  let matches: boolean
  try {
    certificate = new X509Certificate(found.cert)
    matches = certificate.checkPrivateKey(createPrivateKey(found.key))
  } catch (error) {
    throw new Error(`${files.cert} and ${files.key} cannot be read as PEM`, { cause: error })
  }
  if (!matches) throw new Error(`${files.key} is not the key of ${files.cert}`)
  if (!certificate.ca) throw new Error(`${files.cert} is not an authority`)
  if (Date.parse(certificate.validTo) < Date.now()) {
    throw new Error(`${files.cert} has expired: remove it and ${files.key} to make a new authority`)
  }
}

function checkedHost(host: string, source: string): string {
  const bare = host.replace(/^\[(.*)\]$/, '$1')
  if (isIP(bare) !== 0) return bare
  const name = parseHost(host.replace(/^\*\./, ''))
  if (name === undefined) throw new UsageError(`${source}: "${host}" is no host name or address`)
  return host.startsWith('*.') ? `*.${name}` : name
}

/**
 * A gateway that re-reads its certificates meanwhile sees the old file or the new one, never half
 * of either.
 */
async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const written = `${path}.new`
  await writeFile(written, text, { mode })
  await rename(written, path)
}

function howToTrust(authority: string): string {
  return `To trust what ${authority} signs:
  Debian, Ubuntu   sudo cp ${authority} /usr/local/share/ca-certificates/drawbridge.crt && sudo update-ca-certificates
  Fedora, RHEL     sudo trust anchor ${authority}
  Chrome on Linux  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n drawbridge -i ${authority}
  macOS            sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain ${authority}
  Windows          certutil -addstore -f ROOT ${authority}
  Firefox          Settings, Privacy & Security, View Certificates, Authorities, Import
  Node, curl       NODE_EXTRA_CA_CERTS=${authority} node ...   curl --cacert ${authority} ...
`
}
