/** What makes a token a logout token (OpenID Connect Back-Channel Logout 1.0 section 2.4). */
const member = 'http://schemas.openid.net/event/backchannel-logout'

/** The event as it stands in the claims; undefined where the token is about something else. */
export function logoutEvent(claims: Readonly<Record<string, unknown>>): unknown {
  const { events } = claims
  if (typeof events !== 'object' || events === null) return undefined
  return Object.entries(events).find(([name]) => name === member)?.[1]
}
