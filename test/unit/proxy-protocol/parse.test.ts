import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { clientHeader, localHeader } from '../../../src/proxy-protocol/client-header.ts'
import { parseProxyHeader } from '../../../src/proxy-protocol/parse.ts'

const source = { address: '192.0.2.1', port: 56324 }
const destination = { address: '198.51.100.2', port: 443 }
const facts = { source, destination, authority: 'a.example', uniqueId: 'x-1' }
const rest = { subject: 'ann', tls: undefined }

const headers = (['v1', 'v2'] as const).flatMap((version) => [
  ['of a client', version, clientHeader(version, { ...facts, ...rest })] as const,
  ['of nobody', version, localHeader(version, { source, destination })] as const,
])

test.each(headers)('what comes in pieces is the same as at once: %s, %s', (_, __, header) => {
  const whole = Buffer.concat([header, Buffer.from('\r\nGET / HTTP/1.1\r\n')])
  const expected = parseProxyHeader(whole)
  expect(expected?.length).toBe(header.length)
  for (let cut = 0; cut < whole.length; cut++) {
    const parsed = parseProxyHeader(whole.subarray(0, cut))
    expect(parsed).toEqual(cut < header.length ? undefined : expected)
  }
})

/** @returns the length of the header, `more` for a part of one, or the token of its refusal */
function tried(bytes: Buffer): number | string {
  try {
    return parseProxyHeader(bytes)?.length ?? 'more'
  } catch (error) {
    if (error instanceof GatewayError) return error.token
    throw error
  }
}

test('whatever comes is a header, a part of one, or refused; nothing is ever waited for in vain', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...headers.map(([, , header]) => header)),
      fc.array(fc.tuple(fc.nat(130), fc.nat(255)), { maxLength: 4 }),
      fc.uint8Array({ maxLength: 40 }),
      (header, changes, behind) => {
        const bytes = Buffer.concat([header, behind])
        for (const [at, value] of changes) bytes[at % bytes.length] = value
        const verdict = tried(bytes)
        const padded = tried(Buffer.concat([bytes, Buffer.alloc(4200)]))
        expect(padded).not.toBe('more')
        if (typeof verdict === 'number') expect(verdict).toBeLessThanOrEqual(bytes.length)
        if (verdict !== 'more') expect(padded).toBe(verdict)
      },
    ),
    { numRuns: 5_000 },
  )
})
