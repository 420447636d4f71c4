import { createHash } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { LocalLedger } from '../../../src/admission/local-ledger.ts'
import { LoginAttempts } from '../../../src/admission/login-attempts.ts'
import { Authenticators } from '../../../src/auth/build.ts'
import { Fingerprints } from '../../../src/auth/fingerprint.ts'
import { PasswordChecks } from '../../../src/auth/password-checks.ts'
import type { AuthenticatorConfig } from '../../../src/config/settled/authenticators.ts'
import { Scratch } from '../../support/scratch.ts'
import { jwtConfig } from './jwt-rig.ts'

const scratch = new Scratch()
afterAll(() => scratch.remove())

function build(configs: Record<string, AuthenticatorConfig>): Authenticators {
  return new Authenticators(configs, {
    fingerprints: new Fingerprints(),
    checks: new PasswordChecks(),
    attempts: new LoginAttempts(new LocalLedger()),
    now: Date.now,
    clock: () => performance.now(),
    warn: () => undefined,
  })
}

const sha256 = createHash('sha256').update('a key').digest('hex')
const hash = '$2b$04$abcdefghijklmnopqrstuuIzcuKWZlbqcrIq9kqSKHYtLJcYuhdoO'
const common = { from: [], passCredential: false }
const basic = (htpasswd: string): AuthenticatorConfig => {
  return { kind: 'basic', ...common, htpasswd, realm: 'x', attempts: { count: 1, perMs: 1 } }
}

test('makes one of every kind, under its name', () => {
  const built = build({
    tokens: jwtConfig(),
    told: jwtConfig({ backchannelLogout: true }),
    people: basic(scratch.write('htpasswd', `ada:${hash}\n`)),
    machines: {
      kind: 'apiKey',
      ...common,
      keys: scratch.write('keys.yaml', `- { name: robot, sha256: ${sha256} }\n`),
    },
    portal: {
      kind: 'forward',
      takesCookies: false,
      url: 'http://127.0.0.1:1/',
      send: [],
      copy: [],
      timeout: 1000,
      cache: 0,
    },
    devices: { kind: 'certificate', subjects: ['CN=*'], sans: [] },
    pages: { kind: 'ticket', path: '/t', lifetime: 1000, bindAddress: false, query: 'ticket' },
  })
  expect([...built.all].map(([name, made]) => [name, made.name, made.kind])).toEqual([
    ['tokens', 'tokens', 'jwt'],
    ['told', 'told', 'jwt'],
    ['people', 'people', 'basic'],
    ['machines', 'machines', 'apiKey'],
    ['portal', 'portal', 'forward'],
    ['devices', 'devices', 'certificate'],
    ['pages', 'pages', 'ticket'],
  ])
  expect(built.tickets.map(({ path }) => path)).toEqual(['/t'])
  expect(built.logouts).toHaveLength(1)
  built.close()
})

describe('a file that has changed since it was checked', () => {
  test('and is gone', () => {
    expect(() => build({ people: basic('/nowhere/htpasswd') })).toThrow(
      /ENOENT.*\/nowhere\/htpasswd/,
    )
  })

  test('and is broken', () => {
    const path = scratch.write('broken', 'ada:{SHA}abc\n')
    expect(() => build({ people: basic(path) })).toThrow(/authenticator people: .*broken, line 1/)
  })
})
