import { parseApiKeys } from './api-keys.ts'
import { isUrl } from './endpoint.ts'
import { type Fault, parseHtpasswd } from './htpasswd.ts'
import { faultOfJwks } from './jwks.ts'
import { type Context, readNamedText } from './named-file.ts'
import type { KeyPath, Problem } from './problem.ts'
import { parsePublicKey } from './public-key.ts'
import { isPem } from './settle-auth.ts'
import { namesAt, textAt } from './tree.ts'

/** Reads the files that authenticators name, or the key that stands in place of one. */
export async function checkCredentialFiles(context: Context): Promise<Problem[]> {
  const checks = namesAt(context.value, 'authenticators').flatMap((name) => {
    const path = ['authenticators', name]
    return [
      checkLines(context, [...path, 'basic', 'htpasswd'], 'lines NAME:HASH', parseHtpasswd),
      checkLines(context, [...path, 'apiKey', 'keys'], 'a list of keys', parseApiKeys),
      checkPublicKey(context, [...path, 'jwt', 'publicKey']),
      checkKeySet(context, [...path, 'jwt', 'jwks']),
    ]
  })
  return (await Promise.all(checks)).flat()
}

async function checkLines(
  context: Context,
  path: KeyPath,
  form: string,
  parse: (text: string) => { readonly faults: readonly Fault[] },
): Promise<Problem[]> {
  const { text, problems } = await readNamedText(context, path, form)
  if (text === undefined) return problems
  return parse(text).faults.map(({ line, found, expected }) => ({
    path,
    why: `with ${found} in its line ${line}`,
    expected,
  }))
}

async function checkPublicKey(context: Context, path: KeyPath): Promise<Problem[]> {
  const expected = 'a public key in PEM: RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519'
  const written = textAt(context.value, ...path)
  if (written !== undefined && isPem(written)) {
    const key = parsePublicKey(written)
    return typeof key === 'string' ? [{ path, why: `which ${key}`, expected }] : []
  }
  const { text, problems } = await readNamedText(context, path, expected)
  if (text === undefined) return problems
  const key = parsePublicKey(text)
  return typeof key === 'string' ? [{ path, why: `which ${key}`, expected }] : []
}

async function checkKeySet(context: Context, path: KeyPath): Promise<Problem[]> {
  const written = textAt(context.value, ...path)
  // What a URL gives is looked at when it is fetched.
  if (written === undefined || isUrl(written)) return []
  const expected = 'an https URL, or a file with a JSON Web Key Set of public keys'
  const { text, problems } = await readNamedText(context, path, expected)
  if (text === undefined) return problems
  const fault = faultOfJwks(text)
  return fault === undefined ? [] : [{ path, why: `which ${fault}`, expected }]
}
