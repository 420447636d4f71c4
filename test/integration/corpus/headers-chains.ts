/**
 * X-Forwarded-For of a trusted proxy: its lines, and the client that they name; undefined where
 * they cannot be read.
 */
export const chains: readonly (readonly [lines: readonly string[], client: string | undefined])[] =
  [
    [[], '127.0.0.2'],
    [[''], '127.0.0.2'],
    [[' '], '127.0.0.2'],
    [['203.0.113.9'], '203.0.113.9'],
    [['6.6.6.6, 203.0.113.9'], '203.0.113.9'],
    [['6.6.6.6,203.0.113.9'], '203.0.113.9'],
    [['6.6.6.6 ,\t203.0.113.9 '], '203.0.113.9'],
    [['203.0.113.9, 10.1.2.3'], '203.0.113.9'],
    [['6.6.6.6, 203.0.113.9, 10.1.2.3, 10.4.5.6'], '203.0.113.9'],
    [['203.0.113.9, 10.1.2.3, 127.0.0.2'], '203.0.113.9'],
    [['6.6.6.6', '203.0.113.9'], '203.0.113.9'],
    [['203.0.113.9', '10.1.2.3'], '203.0.113.9'],
    [['6.6.6.6, 203.0.113.9', '10.1.2.3, 10.4.5.6'], '203.0.113.9'],
    [['10.1.2.3'], '10.1.2.3'],
    [['10.9.9.9, 10.1.2.3'], '10.9.9.9'],
    [['203.0.113.9:1234'], '203.0.113.9'],
    [['203.0.113.9:1234, 10.1.2.3:80'], '203.0.113.9'],
    [['2001:db8::9'], '2001:db8::9'],
    [['2001:DB8:0:0::9'], '2001:db8::9'],
    [['[2001:db8::9]'], '2001:db8::9'],
    [['[2001:db8::9]:1234'], '2001:db8::9'],
    [['::ffff:203.0.113.9'], '203.0.113.9'],
    [['[::ffff:203.0.113.9]:1'], '203.0.113.9'],
    [['fe80::1%eth0'], 'fe80::1'],
    [['203.0.113.9, 2001:db8:1::1'], '203.0.113.9'],
    [['203.0.113.9, ::ffff:10.1.2.3'], '203.0.113.9'],
    // What stands left of an address that is not trusted was written by that client, and is not
    // read.
    [['garbage, 203.0.113.9'], '203.0.113.9'],
    [[', 203.0.113.9'], '203.0.113.9'],
    [['<script>, 203.0.113.9, 10.1.2.3'], '203.0.113.9'],
    [['unknown, 203.0.113.9'], '203.0.113.9'],
    // What is reached and is no address.
    [['garbage'], undefined],
    [['unknown'], undefined],
    [['_hidden'], undefined],
    [['localhost'], undefined],
    [[','], undefined],
    [['203.0.113.9,'], undefined],
    [['203.0.113.9, , 10.1.2.3'], undefined],
    [['203.0.113.9', ''], undefined],
    [['garbage, 10.1.2.3'], undefined],
    [['203.0.113.9 6.6.6.6'], undefined],
    [['203.0.113.9;6.6.6.6'], undefined],
    [['203.0.113.256'], undefined],
    [['203.0.113'], undefined],
    [['203.0.113.09'], undefined],
    [['0x7f.0.0.1'], undefined],
    [['2130706433'], undefined],
    [['203.0.113.9:'], undefined],
    [['203.0.113.9:port'], undefined],
    [['203.0.113.9:123456'], undefined],
    [['203.0.113.9/24'], undefined],
    [['[203.0.113.9]'], undefined],
    [['[2001:db8::9'], undefined],
    [['2001:db8::9]'], undefined],
    [['[2001:db8::9]x'], undefined],
    [['[2001:db8::9]:'], undefined],
    [['2001:db8:::9'], undefined],
    [['"203.0.113.9"'], undefined],
    [['for=203.0.113.9'], undefined],
  ]

/**
 * X-Forwarded-Proto of a trusted proxy on a plain listener: its lines, and the scheme; undefined
 * where they cannot be read.
 */
export const schemes: readonly (readonly [lines: readonly string[], scheme: string | undefined])[] =
  [
    [[], 'http'],
    [[''], 'http'],
    [['http'], 'http'],
    [['https'], 'https'],
    [['HTTPS'], 'https'],
    [[' https '], 'https'],
    [['ws'], 'http'],
    [['wss'], 'https'],
    [['http, https'], 'https'],
    [['https,http'], 'http'],
    [['http', 'https'], 'https'],
    [['ftp'], undefined],
    [['httpss'], undefined],
    [['https://a'], undefined],
    [['https, ftp'], undefined],
    [['"https"'], undefined],
  ]
