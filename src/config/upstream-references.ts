import type { KeyPath, Problem } from './problem.ts'
import { parseServer } from './server-url.ts'
import { at, listAt, namesAt, textAt } from './tree.ts'

/**
 * Checks that what is written of an upstream is of use to one of its servers: a `ca` that nobody is
 * checked by is no protection, whatever it looks like. Like references.ts it looks at the values as
 * they were read, so that defaults do not count.
 */
export function checkSettings(value: unknown): Problem[] {
  return namesAt(value, 'upstreams').flatMap((name) => {
    const upstream = ['upstreams', name]
    const servers = listAt(value, ...upstream, 'servers').map((server) =>
      parseServer((typeof server === 'string' ? server : textAt(server, 'url')) ?? ''),
    )
    const kinds = new Set(servers.map((server) => server?.kind))
    // Servers that cannot be read, or do not go together, have their own complaint.
    if (kinds.size === 0 || kinds.has(undefined)) return []
    const isHttp = kinds.has('http') || kinds.has('https')
    const isRaw = kinds.has('tcp') || kinds.has('tls')
    if (isHttp && isRaw) return []
    const problems: Problem[] = []
    const tls = [...upstream, 'tls']
    const isTls = kinds.has('https') || kinds.has('tls') || kinds.has('srv')
    if (!isTls && isSet(value, tls)) {
      const expected = `${isHttp ? 'https://' : 'tls://'} servers, where tls is set`
      problems.push({ path: tls, found: 'it for servers without TLS', expected })
    }
    if (!isRaw) return problems
    for (const key of [['preserveHost'], ['timeouts', 'handshake'], ['timeouts', 'response']]) {
      const path = [...upstream, ...key]
      if (!isSet(value, path)) continue
      problems.push({ path, found: 'it for servers that are bridged', expected: 'none' })
    }
    return problems
  })
}

/** An empty mapping says nothing. */
function isSet(value: unknown, path: KeyPath): boolean {
  const written = at(value, ...path)
  if (written instanceof Object) return namesAt(written).length > 0
  return written !== undefined && written !== null
}
