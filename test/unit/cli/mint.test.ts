import { createPrivateKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import { mintAuthority, mintLeaf, mintSelfSigned } from '../../../src/cli/mint.ts'

const names = ['app.test', '*.app.test', '127.0.0.1', '::1']
const daysOf = (certificate: X509Certificate) =>
  (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000

test('a leaf is a server certificate for its names, signed by its authority', async () => {
  const authority = await mintAuthority('Test CA')
  const leaf = await mintLeaf(names, authority)
  const certificate = new X509Certificate(leaf.cert)
  const issuer = new X509Certificate(authority.cert)
  expect(certificate.checkPrivateKey(createPrivateKey(leaf.key))).toBe(true)
  expect(certificate.checkIssued(issuer)).toBe(true)
  expect(certificate.verify(issuer.publicKey)).toBe(true)
  expect([issuer.ca, certificate.ca]).toEqual([true, false])
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
  expect(certificate.checkHost('app.test')).toBe('app.test')
  expect(certificate.checkHost('a.app.test')).toBe('*.app.test')
  expect(certificate.checkHost('other.test')).toBeUndefined()
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
  expect(certificate.checkIP('::1')).toBe('::1')
  expect(daysOf(certificate)).toBeLessThanOrEqual(397)
})

test('serial numbers are positive and not the same twice', async () => {
  const authority = await mintAuthority('Test CA')
  const serials = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { cert } = await mintLeaf(['a.test'], authority)
      return new X509Certificate(cert).serialNumber
    }),
  )
  expect(new Set(serials).size).toBe(4)
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/)
})

test('TLS that trusts the authority takes the leaf', async () => {
  const authority = await mintAuthority('Test CA')
  const leaf = await mintLeaf(names, authority)
  const server = createServer({ cert: leaf.cert, key: leaf.key }, (socket) => socket.end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const client = connect({ port, host: '127.0.0.1', servername: 'a.app.test', ca: authority.cert })
  await once(client, 'secureConnect')
  expect(client.authorized).toBe(true)
  client.destroy()
  server.close()
})

test('a self-signed one stands for itself alone', async () => {
  const { cert, key } = await mintSelfSigned(['localhost'])
  const certificate = new X509Certificate(cert)
  expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true)
  expect(certificate.verify(certificate.publicKey)).toBe(true)
  expect(certificate.ca).toBe(false)
})
