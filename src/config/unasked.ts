import type { AuthenticatorConfig } from './settled/authenticators.ts'

/**
 * Whether a browser sends this credential of its own accord, whichever page asks: a cookie, a
 * client certificate. There the Origin is all that tells a page of one's own from a foreign one
 * (RFC 6455 section 10.2).
 */
export function isSentUnasked(authenticator: AuthenticatorConfig): boolean {
  switch (authenticator.kind) {
    case 'certificate':
      return true
    case 'forward':
      return authenticator.takesCookies
    case 'ticket':
      return false
    default:
      return authenticator.from.some(({ kind }) => kind === 'cookie')
  }
}
