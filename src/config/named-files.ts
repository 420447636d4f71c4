import { createPrivateKey, X509Certificate } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { checkCredentialFiles } from './credential-files.ts'
import { type Context, readNamed } from './named-file.ts'
import type { KeyPath, Problem } from './problem.ts'
import { reasonOf, type ReadFile } from './read-text.ts'
import { irregularity } from './regular-file.ts'
import { listAt, namesAt, textAt } from './tree.ts'

/**
 * Reads the files that a configuration names: certificates, their keys, authorities, credentials;
 * and looks for the folders. Like the check of references it works on values that nobody has
 * checked.
 */
export async function checkNamedFiles(
  value: unknown,
  folder: string,
  readFile: ReadFile,
): Promise<Problem[]> {
  const context = { value, folder, readFile }
  // Upstreams and the targets of a bridge: what they are checked by, and what they are shown.
  const outward: KeyPath[] = [
    ...namesAt(value, 'upstreams').map((name) => ['upstreams', name, 'tls']),
    ...listAt(value, 'routes').map((_, index) => ['routes', index, 'bridge', 'tls']),
  ]
  const shown: KeyPath[] = namesAt(value, 'listeners').flatMap((name) =>
    listAt(value, 'listeners', name, 'tls', 'certificates').map((_, index) => [
      'listeners',
      name,
      'tls',
      'certificates',
      index,
    ]),
  )
  const pairs = [...shown, ...outward].map((path) => checkPair(context, path))
  const authorities = [
    ...outward.map((path) => [...path, 'ca']),
    ...namesAt(value, 'listeners').map((name) => [
      'listeners',
      name,
      'tls',
      'clientCertificate',
      'ca',
    ]),
  ].map((path) => checkAuthorities(context, path))
  const folders = listAt(value, 'routes').map((_, index) =>
    checkFolder(context, ['routes', index, 'static']),
  )
  const targets = listAt(value, 'routes').map((_, index) =>
    checkThere(context, ['routes', index, 'bridge', 'targets', 'lookup', 'file']),
  )
  const problems = await Promise.all([
    ...targets,
    ...pairs,
    ...authorities,
    ...folders,
    checkCredentialFiles(context),
  ])
  return problems.flat()
}

async function checkPair(context: Context, path: KeyPath): Promise<Problem[]> {
  const certPath = [...path, 'cert']
  const keyPath = [...path, 'key']
  const cert = await readNamed(
    context,
    certPath,
    'a certificate in PEM',
    (pem) => readCertificates(pem)[0],
  )
  const key = await readNamed(
    context,
    keyPath,
    'a private key in PEM without a passphrase',
    (pem) => createPrivateKey(pem),
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
  const { problems } = await readNamed(context, path, 'certificates in PEM', readCertificates)
  return problems
}

async function checkFolder(context: Context, path: KeyPath): Promise<Problem[]> {
  return await checkThere(context, path, 'a folder')
}

/** What is in it is looked at by those who use it. */
async function checkThere(
  { value, folder }: Context,
  path: KeyPath,
  expected: 'a folder' | 'a file or a folder' = 'a file or a folder',
): Promise<Problem[]> {
  const written = textAt(value, ...path)
  if (written === undefined || written === '' || written.includes('\0')) return []
  try {
    const found = await stat(resolve(folder, written))
    if (found.isDirectory()) return []
    const reason = irregularity(found) ?? (expected === 'a folder' ? 'is a file' : undefined)
    return reason === undefined ? [] : [{ path, why: `which ${reason}`, expected }]
  } catch (cause) {
    return [{ path, why: `which ${reasonOf(cause)}`, expected }]
  }
}

/** @throws {Error} where there is none, or one of them cannot be parsed */
function readCertificates(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  if (blocks === null) throw new Error('no certificate')
  return blocks.map((block) => new X509Certificate(block))
}
