/** One upgrade, by the Origin lines and the Host that it carries. */
export interface OriginInput {
  readonly name: string
  readonly origins: readonly string[]
  readonly host?: string
}

function one(name: string, origin: string, host?: string): OriginInput {
  return { name, origins: [origin], ...(host === undefined ? {} : { host }) }
}

/**
 * On a route that lists https://app.example.com, https://*.wild.example, https://port.example:8443
 * and http://plain.example.
 */
export const listedOrigins: readonly OriginInput[] = [
  one('exact', 'https://app.example.com'),
  one('exact, in upper case', 'HTTPS://APP.EXAMPLE.COM'),
  one('with its port', 'https://port.example:8443'),
  one('plain http', 'http://plain.example'),
  one('one label for the asterisk', 'https://a.wild.example'),
  one('two labels for the asterisk', 'https://a.b.wild.example'),
  one('a label with a hyphen', 'https://a-b.wild.example'),
  { name: 'none at all: no browser', origins: [] },
]

/** Refused there: what looks like a listed origin, and is none. */
export const foreignOrigins: readonly OriginInput[] = [
  one('another name', 'https://evil.example'),
  one('a suffix in front', 'https://evilapp.example.com'),
  one('a subdomain of an exact one', 'https://a.app.example.com'),
  one('a parent domain', 'https://example.com'),
  one('the name as a prefix', 'https://app.example.com.evil.example'),
  one('the dot as any character', 'https://appXexample.com'),
  one('http for https', 'http://app.example.com'),
  one('https for http', 'https://plain.example'),
  one('ws for https', 'ws://app.example.com'),
  one('wss for https', 'wss://app.example.com'),
  one('no scheme', 'app.example.com'),
  one('no scheme but slashes', '//app.example.com'),
  one('a port that is not listed', 'https://app.example.com:8443'),
  one('its standard port, which no browser writes', 'https://app.example.com:443'),
  one('a port as a prefix', 'https://port.example:84430'),
  one('a listed port missing', 'https://port.example'),
  one('an empty port', 'https://app.example.com:'),
  one('a trailing dot', 'https://app.example.com.'),
  one('a trailing slash', 'https://app.example.com/'),
  one('a path', 'https://app.example.com/x'),
  one('a query', 'https://app.example.com?x'),
  one('a fragment', 'https://app.example.com#x'),
  one('userinfo in front', 'https://app.example.com@evil.example'),
  one('userinfo before it', 'https://evil@app.example.com'),
  one('a backslash', 'https://evil.example\\app.example.com'),
  one('a blank inside', 'https://app.example.com https://evil.example'),
  one('a list', 'https://app.example.com, https://evil.example'),
  one('a list, the other way round', 'https://evil.example, https://app.example.com'),
  one('null', 'null'),
  one('null in upper case', 'NULL'),
  one('empty', ''),
  one('an asterisk', '*'),
  one('the pattern itself', 'https://*.wild.example'),
  one('a wildcard without a label', 'https://wild.example'),
  one('a wildcard with an empty label', 'https://.wild.example'),
  one('a wildcard with two dots', 'https://a..wild.example'),
  one('a wildcard without its dot', 'https://evilwild.example'),
  one('a wildcard with userinfo', 'https://evil.example@a.wild.example'),
  one('a wildcard with a path', 'https://evil.example/a.wild.example'),
  one('a wildcard with a port before it', 'https://evil.example:1.wild.example'),
  one('a wildcard with a port behind it', 'https://a.wild.example:8443'),
  one('a wildcard as a prefix', 'https://a.wild.example.evil.example'),
  one('a wildcard with an escape', 'https://evil%2ewild.example'),
  one('the same name in other letters', 'https://\xe0pp.example.com'),
  one('a wildcard of http', 'http://a.wild.example'),
  one('an extension', 'chrome-extension://abcdefghijklmnop'),
  one('a file', 'file://'),
  one('the Host itself, which is not listed', 'http://localhost', 'localhost'),
]

/** Same origin on a plain listener: the scheme is not known, the Host is one of ours. */
export const samePlain: readonly OriginInput[] = [
  one('localhost', 'http://localhost', 'localhost'),
  one('localhost behind TLS that ends before us', 'https://localhost', 'localhost'),
  one('a port', 'http://localhost:8080', 'localhost:8080'),
  one('the standard port in Host', 'http://localhost', 'localhost:80'),
  one('the standard port of https in Host', 'https://localhost', 'localhost:443'),
  one('a trailing dot in Host', 'http://localhost', 'localhost.'),
  one('upper case in Host', 'http://localhost', 'LOCALHOST'),
  one('an IPv4 address', 'http://192.0.2.1:9000', '192.0.2.1:9000'),
  one('an IPv6 address', 'http://[2001:db8::1]', '[2001:db8::1]'),
  one('an IPv6 address in another spelling', 'http://[2001:db8::1]', '[2001:DB8:0:0::1]'),
  one('a name of a route', 'http://known.example', 'known.example'),
  one('a name under a wildcard of a route', 'http://a.known.example', 'a.known.example'),
  { name: 'none at all', origins: [], host: 'rebound.example' },
]

/** Refused there. */
export const foreignPlain: readonly OriginInput[] = [
  one('another name', 'http://evil.example', 'localhost'),
  one('another port', 'http://localhost:81', 'localhost'),
  one('the port of the other scheme', 'https://localhost', 'localhost:80'),
  one('a port where Host has none', 'http://localhost:8080', 'localhost'),
  one('no port where Host has one', 'http://localhost', 'localhost:8080'),
  one('localhost in front of a name', 'http://localhost.evil.example', 'localhost'),
  one('null', 'null', 'localhost'),
  one('a name nobody knows: DNS rebinding', 'http://rebound.example', 'rebound.example'),
  one('the same with a port', 'http://rebound.example:8080', 'rebound.example:8080'),
  one('the same as https', 'https://rebound.example', 'rebound.example'),
  one(
    'a name that starts like an address',
    'http://127.0.0.1.evil.example',
    '127.0.0.1.evil.example',
  ),
  one('a name of digits', 'http://2130706433', '2130706433'),
  one('a name in hex', 'http://0x7f000001', '0x7f000001'),
  one('a subdomain of localhost', 'http://a.localhost', 'a.localhost'),
  one('a parent of a name of a route', 'http://example', 'example'),
  one('ws', 'ws://localhost', 'localhost'),
  one('the name alone', 'localhost', 'localhost'),
]

/** Same origin on a TLS listener: the page was loaded over https, and its certificate said so. */
export const sameTls: readonly OriginInput[] = [
  one('localhost', 'https://localhost', 'localhost'),
  one('any name, for the certificate vouches for it', 'https://any.example', 'any.example'),
  one('a port', 'https://any.example:8443', 'any.example:8443'),
  one('the standard port in Host', 'https://any.example', 'any.example:443'),
]

export const foreignTls: readonly OriginInput[] = [
  one('http', 'http://localhost', 'localhost'),
  one('http with the port of https', 'http://localhost:443', 'localhost'),
  one('http on port 80', 'http://any.example', 'any.example:80'),
  one('another name', 'https://evil.example', 'any.example'),
  one('another port', 'https://any.example:8443', 'any.example'),
  one('null', 'null', 'any.example'),
]
