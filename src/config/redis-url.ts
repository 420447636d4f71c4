import { parseHost, parsePort } from './host-name.ts'

/** What a redis URL says. */
export interface RedisAddress {
  /** Without brackets. */
  readonly host: string
  readonly port: number
  readonly db: number
  readonly username: string | undefined
  readonly password: string | undefined
  readonly tls: boolean
}

/**
 * Reads `redis://[[user]:password@]host[:port][/db]`, or `rediss://` for TLS.
 * @returns undefined where it is none
 */
export function parseRedisUrl(text: string): RedisAddress | undefined {
  const form =
    /^redis(?<s>s?):\/\/(?:(?<user>[^:@/\s]*)(?::(?<password>[^@/\s]*))?@)?(?<host>\[[^\]]*\]|[^:/?#@[\]]+)(?::(?<port>\d+))?(?:\/(?<db>\d{1,5})?)?$/
  const groups = form.exec(text)?.groups
  const host = parseHost(groups?.['host'] ?? '')
  const port = parsePort(groups?.['port'] ?? '6379', 1)
  if (groups === undefined || host === undefined || port === undefined) return undefined
  const { s, user, password, db = '0' } = groups
  try {
    return {
      host: host.replace(/^\[|\]$/g, ''),
      port,
      db: Number(db),
      username: user === undefined || user === '' ? undefined : decodeURIComponent(user),
      password: password === undefined ? undefined : decodeURIComponent(password),
      tls: s === 's',
    }
  } catch {
    // An escape that is none.
    return undefined
  }
}
