/**
 * Written by every proxy on the way, and by the client where nobody looks: its address, and what it
 * asked the first proxy for.
 */
const families = /^(?:x-forwarded(?:-.*)?|x-envoy-.*)$/
const names = new Set([
  'cf-connecting-ip',
  'cf-connecting-ipv6',
  'client-ip',
  'fastly-client-ip',
  'forwarded',
  'forwarded-for',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-real-ip',
])

/** A path in a header would be the one that was not routed by. */
const paths =
  /^(?:x-(?:original|rewrite)-.*|x-forwarded-(?:uri|path|prefix)|x-envoy-original-path)$/

/** The gateway writes these anew on every request. */
const rewritten = new Set([
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])

/**
 * Whether a client's header of this name must not reach an upstream as it is.
 * @param folded the name as `foldHeaderName` gives it
 * @param peerTrusted it comes from a trusted proxy, which may know more than we do
 */
export function isForwarding(folded: string, peerTrusted: boolean): boolean {
  if (paths.test(folded) || rewritten.has(folded)) return true
  return !peerTrusted && (names.has(folded) || families.test(folded))
}
