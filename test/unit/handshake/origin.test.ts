import { describe, expect, test } from 'vitest'
import { OriginRules } from '../../../src/handshake/origin.ts'
import { upgrade } from '../../support/edge-request.ts'
import type { EdgeRequestOptions } from '../../support/edge-request.ts'

function denied(message?: RegExp) {
  const matching = message === undefined ? {} : { message: expect.stringMatching(message) }
  return expect.objectContaining({ token: 'origin-denied', ...matching })
}

const secure: EdgeRequestOptions = { peer: { encrypted: true } }

describe('a list', () => {
  const rules = new OriginRules(
    {
      origins: [
        'https://app.example.com',
        'https://app.example.com:8443',
        'http://localhost:3000',
        'https://*.wild.example',
        'https://*.port.example:8443',
        'https://[2001:db8::1]',
        'chrome-extension://abcdefgh',
      ],
      requireOrigin: false,
    },
    () => false,
  )

  test.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'HTTPS://App.Example.Com',
    'http://localhost:3000',
    'https://a.wild.example',
    'https://a.b.c.wild.example',
    'https://a.port.example:8443',
    'https://[2001:db8::1]',
    'chrome-extension://abcdefgh',
  ])('lets %s in', (origin) => {
    expect(() => rules.check(origin, upgrade())).not.toThrow()
  })

  test.each([
    [''],
    ['null'],
    ['*'],
    ['https://'],
    ['app.example.com'],
    ['//app.example.com'],
    ['http://app.example.com'],
    ['wss://app.example.com'],
    ['https:app.example.com'],
    ['https:///app.example.com'],
    ['https://app.example.com/'],
    ['https://app.example.com/path'],
    ['https://app.example.com?'],
    ['https://app.example.com#'],
    ['https://app.example.com.'],
    ['https://app.example.com:'],
    ['https://app.example.com:443'],
    ['https://app.example.com:844'],
    ['https://app.example.com:84430'],
    ['https://app.example.com:08443'],
    ['https://app.example.com.evil.test'],
    ['https://app.example.comevil.test'],
    ['https://evilapp.example.com'],
    ['https://evil.test/app.example.com'],
    ['https://evil.test#https://app.example.com'],
    ['https://app.example.com@evil.test'],
    ['https://user@app.example.com'],
    ['https://app-example.com'],
    ['https://appxexample.com'],
    ['https://example.com'],
    ['https://sub.app.example.com'],
    ['https://app.example.com, https://evil.test'],
    ['https://evil.test, https://app.example.com'],
    ['https://app.example.com https://evil.test'],
    [' https://app.example.com'],
    ['https://app.example.com\\@evil.test'],
    ['https://app.example.com%00.evil.test'],
    ['https://wild.example'],
    ['https://.wild.example'],
    ['https://*.wild.example'],
    ['https://a..wild.example'],
    ['https://evilwild.example'],
    ['https://a.wild.example.evil.test'],
    ['https://a.wild.example:8443'],
    ['https://a.wild.example.'],
    ['http://a.wild.example'],
    ['https://evil.test/.wild.example'],
    ['https://evil.test?.wild.example'],
    ['https://evil.test#.wild.example'],
    ['https://evil.test:80.wild.example'],
    ['https://x@a.wild.example'],
    ['https://a.port.example'],
    ['https://a.port.example:84430'],
    ['https://[2001:db8::2]'],
    ['https://\xe2\x84\xaa.wild.example'],
  ])('refuses %j', (origin) => {
    expect(() => rules.check(origin, upgrade([], secure))).toThrow(denied())
  })

  test('does not let the page of its own Host in', () => {
    expect(() => rules.check('https://other.example', upgrade(['Host: other.example']))).toThrow(
      denied(/add https:\/\/other\.example to the route's origins .*--origin/),
    )
  })

  test('takes null only where it is listed', () => {
    const list = new OriginRules({ origins: ['null'], requireOrigin: false }, () => false)
    expect(() => list.check('null', upgrade())).not.toThrow()
    expect(() => list.check('https://app.example.com', upgrade())).toThrow(denied())
  })
})

test.each(['https://evil.test', 'null', '', 'rubbish'])('"*" lets %j in', (origin) => {
  const rules = new OriginRules({ origins: ['*'], requireOrigin: true }, () => false)
  expect(() => rules.check(origin, upgrade())).not.toThrow()
})

test.each([undefined, ['https://app.example.com'], ['*']])(
  'a client without Origin passes %j unless one is required',
  (origins) => {
    const settings = origins === undefined ? {} : { origins }
    const lax = new OriginRules({ ...settings, requireOrigin: false }, () => false)
    const strict = new OriginRules({ ...settings, requireOrigin: true }, () => false)
    expect(() => lax.check(undefined, upgrade())).not.toThrow()
    expect(() => strict.check(undefined, upgrade())).toThrow(denied())
  },
)

describe('the same origin', () => {
  const rules = new OriginRules({ requireOrigin: false }, (name) => name === 'app.example.com')
  const trusted = { trustedProxies: ['203.0.113.7'] }

  test.each([
    ['https://app.example.com', 'app.example.com', {}],
    ['http://app.example.com', 'app.example.com', {}],
    ['https://APP.example.com', 'App.Example.COM.', {}],
    ['https://app.example.com', 'app.example.com:443', {}],
    ['http://app.example.com', 'app.example.com:80', {}],
    ['https://app.example.com:8443', 'app.example.com:8443', {}],
    ['https://app.example.com', 'app.example.com', secure],
    ['https://unknown.test', 'unknown.test', secure],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', {}],
    ['http://[::1]:8080', '[0::1]:8080', {}],
    ['http://localhost:8080', 'localhost:8080', {}],
  ])('lets %s in at %s', (origin, host, options) => {
    expect(() => rules.check(origin, upgrade([`Host: ${host}`], options))).not.toThrow()
  })

  test.each([
    ['https://evil.test', 'app.example.com'],
    ['https://app.example.com:8443', 'app.example.com'],
    ['https://app.example.com', 'app.example.com:8443'],
    ['https://app.example.com', 'app.example.com:80'],
    ['http://app.example.com', 'app.example.com:443'],
    ['https://sub.app.example.com', 'app.example.com'],
    ['https://example.com', 'app.example.com'],
    ['https://app.example.com.', 'app.example.com.'],
    ['https://app.example.com/', 'app.example.com'],
    ['https://app.example.com@evil.test', 'app.example.com'],
    ['https://evil.test@app.example.com', 'app.example.com'],
    ['https://app.example.com, https://app.example.com', 'app.example.com'],
    ['wss://app.example.com', 'app.example.com'],
    ['ftp://app.example.com', 'app.example.com'],
    ['app.example.com', 'app.example.com'],
    ['null', 'app.example.com'],
    ['', 'app.example.com'],
  ])('refuses %j at %s', (origin, host) => {
    expect(() => rules.check(origin, upgrade([`Host: ${host}`]))).toThrow(denied())
  })

  test('compares the scheme where TLS ends here', () => {
    const request = upgrade(['Host: app.example.com'], secure)
    expect(() => rules.check('http://app.example.com', request)).toThrow(denied(/is not https/))
  })

  test('compares the scheme that a trusted proxy names', () => {
    const request = upgrade(['X-Forwarded-Proto: https'], trusted)
    expect(() => rules.check('https://app.example.com', request)).not.toThrow()
    expect(() => rules.check('http://app.example.com', request)).toThrow(denied(/is not https/))
    const plain = upgrade(['X-Forwarded-Proto: http'], trusted)
    expect(() => rules.check('http://app.example.com', plain)).not.toThrow()
    expect(() => rules.check('https://app.example.com', plain)).toThrow(denied(/is not http/))
  })

  test('does not believe X-Forwarded-Host', () => {
    const request = upgrade(['X-Forwarded-Host: evil.test'], trusted)
    expect(() => rules.check('https://evil.test', request)).toThrow(denied())
  })

  test.each(['rebound.test', 'localhost.evil.test', '127.0.0.1.evil.test', 'xlocalhost', '127.1'])(
    'refuses the unknown name %s where nothing proves it: DNS rebinding',
    (host) => {
      const remedy = `add http://${host} to the route's origins`
      const message = new RegExp(`rebinding.*${remedy.replaceAll('.', '\\.')}`)
      const check =
        (options: EdgeRequestOptions, lines: string[] = []) =>
        () =>
          rules.check(`http://${host}`, upgrade([`Host: ${host}`, ...lines], options))
      expect(check({})).toThrow(denied(message))
      expect(check(trusted, ['X-Forwarded-Proto: http'])).toThrow(denied(message))
    },
  )

  test('takes an unknown name where a trusted proxy says https', () => {
    const request = upgrade(['Host: unknown.test', 'X-Forwarded-Proto: https'], trusted)
    expect(() => rules.check('https://unknown.test', request)).not.toThrow()
  })
})

test('the message holds no more of the Origin than a line bears', () => {
  const rules = new OriginRules({ requireOrigin: false }, () => false)
  const origin = `https://${'a'.repeat(9000)}.test`
  expect(() => rules.check(origin, upgrade())).toThrow(denied(/^.{1,500}$/))
})
