import type { Identity } from '../../../src/auth/identity.ts'

let count = 0

/** An identity with a credential of its own. */
export function identity(changes: Partial<Identity> = {}): Identity {
  return {
    authenticator: 'staff',
    subject: 'ada',
    name: undefined,
    claims: {},
    expiresAt: Infinity,
    credentialId: undefined,
    sessionId: undefined,
    fingerprint: `the fingerprint of credential ${count++}`,
    headers: [],
    ...changes,
  }
}
