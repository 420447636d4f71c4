/**
 * Compared with every non-alphanumeric as `-`, so that `x_user` and `x.user` cannot pass for
 * `x-user`.
 */
export function foldHeaderName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '-')
}

// Every request would lose these, or the gateway writes them itself.
const taken =
  /^(?:accept.*|authorization|cache-control|connection|content-.*|cookie|date|expect|forwarded|host|http2-settings|keep-alive|origin|proxy|proxy-.*|referer|sec-.*|server|set-cookie|te|trailers?|transfer-encoding|upgrade|user-agent|via|x-forwarded-(?:for|proto|host|port|uri|path|prefix)|x-original-.*|x-real-ip|x-rewrite-.*)$/

/**
 * Whether a header may carry an identity to the upstream: letters, digits and dashes, and no header
 * that HTTP needs.
 */
export function isIdentityHeader(name: string): boolean {
  return /^[a-z][a-z0-9-]*[a-z0-9]$/i.test(name) && !taken.test(name.toLowerCase())
}

/** Whether a header may carry a credential, or be passed to or from a server that checks them. */
export function isCredentialHeader(name: string): boolean {
  return /^(?:authorization|cookie)$/i.test(name) || isIdentityHeader(name)
}
