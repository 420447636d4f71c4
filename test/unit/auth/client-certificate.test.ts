import { expect, test } from 'vitest'
import { CertificateAuthenticator } from '../../../src/auth/client-certificate.ts'
import { Fingerprints } from '../../../src/auth/fingerprint.ts'
import type { PeerCertificate } from '../../../src/peer.ts'
import { attempt } from './attempts.ts'
import type { Given } from './attempts.ts'
import { describeAuthenticator } from './authenticator-suite.ts'

const dayMs = 86_400_000
const fingerprints = new Fingerprints()

const make = (
  config: { subjects?: readonly string[]; sans?: readonly string[] },
  now?: () => number,
): CertificateAuthenticator =>
  new CertificateAuthenticator(
    'devices',
    { kind: 'certificate', subjects: [], sans: [], ...config },
    { fingerprints, ...(now && { now }) },
  )

function shown(certificate: Partial<PeerCertificate> = {}): Given {
  const whole = {
    subject: 'CN=device-7,O=Example',
    sans: ['DNS:device-7.example', 'URI:spiffe://example/device/7'],
    serial: '4001',
    fingerprint256: 'AA:BB',
    expiresAt: Date.now() + dayMs,
    ...certificate,
  }
  return { peer: { encrypted: true, certificate: whole } }
}

describeAuthenticator('certificate', {
  make: () => make({ subjects: ['CN=device-*'] }),
  right: { what: 'a subject that fits', subject: 'CN=device-7,O=Example', given: () => shown() },
  wrong: [
    { what: 'another subject', given: () => shown({ subject: 'CN=laptop-7,O=Example' }) },
    { what: 'no subject', given: () => shown({ subject: '' }) },
    {
      what: 'an expired one',
      token: 'credentials-expired',
      given: () => shown({ expiresAt: Date.now() - 1 }),
    },
    {
      what: 'one whose end nobody knows',
      token: 'credentials-expired',
      given: () => shown({ expiresAt: Number.NaN }),
    },
  ],
  named: (name) => shown({ subject: `CN=${name.replaceAll('_', '\\5F')}`, sans: [`DNS:${name}`] }),
})

test('tells of the certificate what the listener has verified', async () => {
  const expiresAt = Date.now() + dayMs
  const identity = await make({ subjects: ['CN=device-*'] }).authenticate(
    attempt(shown({ expiresAt })),
  )
  expect(identity).toMatchObject({
    name: 'device-7',
    claims: { subject: 'CN=device-7,O=Example', serial: '4001' },
    expiresAt,
    credentialId: '4001',
    headers: [],
  })
})

test.each([
  ['a URI', ['URI:spiffe://example/device/*'], 'URI:spiffe://example/device/7'],
  ['a DNS name, in any case', ['dns:*.EXAMPLE'], 'DNS:device-7.example'],
  ['the second pattern', ['DNS:x', 'URI:spiffe://example/*'], 'URI:spiffe://example/device/7'],
])('lets pass by an alternative name, which is then the subject: %s', async (_, sans, subject) => {
  const verdict = await make({ sans }).authenticate(attempt(shown()))
  expect(verdict).toMatchObject({ subject, name: 'device-7' })
})

test('is who its subject says where both fit', async () => {
  const both = make({ subjects: ['O=Example'], sans: ['DNS:*'] })
  expect(await both.authenticate(attempt(shown()))).toMatchObject({
    subject: 'CN=device-7,O=Example',
  })
})

test.each([
  ['another kind of name', ['URI:device-7.example']],
  ['a name as the end of another', ['DNS:example']],
  ['a path in another case', ['URI:spiffe://example/Device/*']],
])('does not let pass by an alternative name: %s', async (_, sans) => {
  await expect(make({ sans }).authenticate(attempt(shown()))).rejects.toMatchObject({
    token: 'credentials-invalid',
  })
})

test('ends with the certificate, however long ago it was shown', async () => {
  let now = Date.now()
  const authenticator = make({ subjects: ['CN=device-*'] }, () => now)
  const given = attempt(shown({ expiresAt: now + 1000 }))
  expect(await authenticator.authenticate(given)).toMatchObject({ expiresAt: now + 1000 })
  now += 1000
  await expect(authenticator.authenticate(given)).rejects.toMatchObject({
    token: 'credentials-expired',
  })
})

test('takes nothing from headers', async () => {
  const lines = ['X-Client-Cert: CN=device-7', 'X-SSL-Client-S-DN: CN=device-7']
  const verdict = await make({ subjects: ['CN=*'] }).authenticate(attempt({ lines }))
  expect(verdict).toBeUndefined()
})

test('is not made with a pattern that is no name', () => {
  expect(() => make({ subjects: ['CN=a,'] })).toThrow('authenticator devices: no subject: CN=a,')
})
