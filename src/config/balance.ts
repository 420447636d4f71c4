import { z } from 'zod'
import { text } from './scalars.ts'
import { isToken } from './token.ts'

/** What of a request decides where it goes: the same there, the same server. */
export type HashKey =
  | { readonly kind: 'client' }
  | { readonly kind: 'header'; readonly name: string }
  | { readonly kind: 'cookie'; readonly name: string }
  | { readonly kind: 'query'; readonly name: string }

const plain = ['round-robin', 'least-connections', 'random-two'] as const

/** How one of a pool's servers is chosen. */
export type Balance = (typeof plain)[number] | { readonly hash: HashKey }

/** @returns undefined where it is none of `client`, `header:NAME`, `cookie:NAME`, `query:NAME` */
export function parseHashKey(written: string): HashKey | undefined {
  if (written === 'client') return { kind: 'client' }
  const [, kind, name = ''] = /^(header|cookie|query):(.+)$/s.exec(written) ?? []
  if (kind === 'query') return /^[\w.~-]+$/.test(name) ? { kind, name } : undefined
  if (!isToken(name)) return undefined
  if (kind === 'header') return { kind, name: name.toLowerCase() }
  return kind === 'cookie' ? { kind, name } : undefined
}

const HashKey = text(
  parseHashKey,
  'key',
  'client, header:NAME, cookie:NAME or query:NAME, such as cookie:session',
)

export const Balance = z.union(
  [
    z.enum(plain),
    z.strictObject({
      hash: HashKey.describe(
        'What stays together: `client` (its address), `header:NAME`, `cookie:NAME` or `query:NAME`. What has none is taken in turn.',
      ),
    }),
  ],
  { error: 'round-robin, least-connections, random-two, or a mapping with hash' },
)
