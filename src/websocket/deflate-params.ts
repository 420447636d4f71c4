/** The parameters of permessage-deflate (RFC 7692 section 7.1). */
export interface DeflateParams {
  readonly serverNoContextTakeover: boolean
  readonly clientNoContextTakeover: boolean
  /** 8 to 15. */
  readonly serverMaxWindowBits: number | undefined
  /** 8 to 15; an offer without a value allows all of them and reads as 15. */
  readonly clientMaxWindowBits: number | undefined
}

const windowBits = /^(?:[89]|1[0-5])$/

/**
 * @param side an offer may name `client_max_window_bits` without a value, an answer may not
 * @returns undefined where a parameter is unknown, comes twice or has a value it must not have
 */
export function readDeflate(
  params: readonly (readonly [name: string, value: string | undefined])[],
  side: 'offer' | 'answer',
): DeflateParams | undefined {
  const seen = new Map<string, string | undefined>()
  for (const [name, value] of params) {
    if (seen.has(name)) return undefined
    switch (name) {
      case 'server_no_context_takeover':
      case 'client_no_context_takeover':
        if (value !== undefined) return undefined
        break
      case 'server_max_window_bits':
        if (value === undefined || !windowBits.test(value)) return undefined
        break
      case 'client_max_window_bits':
        if (value === undefined ? side === 'answer' : !windowBits.test(value)) return undefined
        break
      default:
        return undefined
    }
    seen.set(name, value)
  }
  const serverBits = seen.get('server_max_window_bits')
  return {
    serverNoContextTakeover: seen.has('server_no_context_takeover'),
    clientNoContextTakeover: seen.has('client_no_context_takeover'),
    serverMaxWindowBits: serverBits === undefined ? undefined : Number(serverBits),
    clientMaxWindowBits: seen.has('client_max_window_bits')
      ? Number(seen.get('client_max_window_bits') ?? 15)
      : undefined,
  }
}
