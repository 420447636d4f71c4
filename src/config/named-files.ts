import { createPrivateKey, X509Certificate } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { KeyPath, Problem } from './problem.ts'
import { reasonOf, type ReadFile, readText, UnusableFile } from './read-text.ts'
import { listAt, namesAt, textAt } from './tree.ts'

interface Context {
  readonly value: unknown
  readonly folder: string
  readonly readFile: ReadFile
}

/**
 * Reads the files that a configuration names: certificates, their keys, authorities; and looks for the folders. Like the
 * check of references it works on values that nobody has checked.
 */
export async function checkNamedFiles(
  value: unknown,
  folder: string,
  readFile: ReadFile,
): Promise<Problem[]> {
  const context = { value, folder, readFile }
  const pairs = namesAt(value, 'listeners').flatMap((name) =>
    listAt(value, 'listeners', name, 'tls', 'certificates').map((_, index) =>
      checkPair(context, ['listeners', name, 'tls', 'certificates', index]),
    ),
  )
  const authorities = namesAt(value, 'upstreams').map((name) =>
    checkAuthorities(context, ['upstreams', name, 'tls', 'ca']),
  )
  const folders = listAt(value, 'routes').map((_, index) =>
    checkFolder(context, ['routes', index, 'static']),
  )
  const problems = await Promise.all([...pairs, ...authorities, ...folders])
  return problems.flat()
}

async function checkPair(context: Context, path: KeyPath): Promise<Problem[]> {
  const certPath = [...path, 'cert']
  const keyPath = [...path, 'key']
  const cert = await read(
    context,
    certPath,
    'a certificate in PEM',
    (pem) => readCertificates(pem)[0],
  )
  const key = await read(context, keyPath, 'a private key in PEM without a passphrase', (pem) =>
    createPrivateKey(pem),
  )
  if (cert.value === undefined || key.value === undefined)
    return [...cert.problems, ...key.problems]
  if (cert.value.checkPrivateKey(key.value)) return []
  return [
    {
      path: keyPath,
      found: 'the key of another certificate',
      expected: 'that of the cert beside it',
    },
  ]
}

async function checkAuthorities(context: Context, path: KeyPath): Promise<Problem[]> {
  const { problems } = await read(context, path, 'certificates in PEM', readCertificates)
  return problems
}

async function checkFolder({ value, folder }: Context, path: KeyPath): Promise<Problem[]> {
  const written = textAt(value, ...path)
  if (written === undefined || written === '' || written.includes('\0')) return []
  const expected = 'a folder'
  try {
    const found = await stat(resolve(folder, written))
    return found.isDirectory() ? [] : [{ path, why: 'which is a file', expected }]
  } catch (cause) {
    return [{ path, why: `which ${reasonOf(cause)}`, expected }]
  }
}

/** The parsed file that the configuration names at the path, or what is wrong with it; neither where it names none. */
async function read<T>(
  { value, folder, readFile }: Context,
  path: KeyPath,
  expected: string,
  parse: (pem: string) => T | undefined,
): Promise<{ value?: T; problems: Problem[] }> {
  const written = textAt(value, ...path)
  if (written === undefined || written === '' || written.includes('\0')) return { problems: [] }
  let pem
  try {
    pem = await readText(resolve(folder, written), readFile)
  } catch (error) {
    if (!(error instanceof UnusableFile)) throw error
    return { problems: [{ path, why: `which ${error.message}`, expected }] }
  }
  const parsed = tryParse(pem, parse)
  if (parsed !== undefined) return { value: parsed, problems: [] }
  return { problems: [{ path, why: 'which holds something else', expected }] }
}

function tryParse<T>(pem: string, parse: (pem: string) => T | undefined): T | undefined {
  try {
    return parse(pem)
  } catch {
    // OpenSSL's reasons ("no start line") say less than what was expected.
    return undefined
  }
}

/** @throws {Error} where there is none, or one of them cannot be parsed */
function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  if (blocks === null) throw new Error('no certificate')
  return blocks.map((block) => new X509Certificate(block))
}
