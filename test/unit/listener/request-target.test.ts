import { describe, expect, test } from 'vitest'
import { edgeRequest } from '../../support/edge-request.ts'

describe('a request target', () => {
  test.each([
    ['GET /', 'a', '/', '/', ''],
    ['GET /a%2Fb;c/../d?x=/y?z', 'a', '/a%2Fb;c/../d?x=/y?z', '/a%2Fb;c/../d', '?x=/y?z'],
    ['GET /?', 'a', '/?', '/', '?'],
    ['GET //evil/x', 'a', '//evil/x', '//evil/x', ''],
    // Browsers leave it as it is in a query.
    ['GET /x?a=\\b|c^`{}"<>', 'a', '/x?a=\\b|c^`{}"<>', '/x', '?a=\\b|c^`{}"<>'],
    ['GET /caf\xc3\xa9', 'a', '/caf\xc3\xa9', '/caf\xc3\xa9', ''],
    ['GET http://a/x?y', 'a', '/x?y', '/x', '?y'],
    ['GET HTTP://A./x', 'a', '/x', '/x', ''],
    ['GET https://a/x', 'a:443', '/x', '/x', ''],
    ['GET http://a:80/x', 'a', '/x', '/x', ''],
    ['GET http://a:8080', 'a:8080', '/', '/', ''],
    ['GET http://[0::1]/x', '[::1]', '/x', '/x', ''],
    ['GET http://a?x', 'a', '/?x', '/', '?x'],
    ['GET http://a//b/c', 'a', '//b/c', '//b/c', ''],
    ['OPTIONS *', 'a', '*', '*', ''],
    ['OPTIONS http://a', 'a', '*', '*', ''],
    ['OPTIONS http://a/', 'a', '/', '/', ''],
    ['OPTIONS http://a?x', 'a', '/?x', '/', '?x'],
    ['OPTIONS /x', 'a', '/x', '/x', ''],
  ])('is read: %s on %s', (start, host, target, path, query) => {
    const request = edgeRequest([`${start} HTTP/1.1`, `Host: ${host}`])
    expect(request).toMatchObject({ target, path, query })
  })

  test.each([
    ['GET *', 'a'],
    ['GET **', 'a'],
    ['OPTIONS *x', 'a'],
    ['GET x', 'a'],
    ['GET ?x', 'a'],
    ['GET a:80', 'a:80'],
    ['GET \\x', 'a'],
    ['GET http://b/x', 'a'],
    ['GET http://a:81/x', 'a'],
    ['GET http://a/x', 'a:8080'],
    ['GET https://a/x', 'a:80'],
    ['GET http://a/x', 'a:443'],
    ['GET http://user@a/x', 'a'],
    ['GET http://a:b@a/x', 'a'],
    ['GET http://a@b/x', 'a'],
    ['GET http://a\\@b/x', 'a'],
    ['GET http:///x', 'a'],
    ['GET http://', 'a'],
    ['GET http:/a/x', 'a'],
    ['GET http:a', 'a'],
    ['GET http//a/x', 'a'],
    ['GET ws://a/x', 'a'],
    ['GET ftp://a/x', 'a'],
    ['GET file:///etc/passwd', 'a'],
    ['GET http://169.254.169.254/latest', 'a'],
    ['GET http://127.0.0.1:9/ws', '127.0.0.1'],
    ['GET /a b', 'a'],
    ['GET /a\tb', 'a'],
    ['GET /a\x00b', 'a'],
    ['GET /a\x1fb', 'a'],
    ['GET /a\x7f', 'a'],
    ['GET /a?b c', 'a'],
    ['GET /a?b\x01', 'a'],
  ])('is refused: %j on %s', (start, host) => {
    expect(() => edgeRequest([`${start} HTTP/1.1`, `Host: ${host}`])).toThrow(
      expect.objectContaining({ token: 'request-malformed' }),
    )
  })

  test.each(['/a#b', '/#', '/a?b#c', 'http://a/x#y'])('has no fragment: %s', (target) => {
    expect(() => edgeRequest([`GET ${target} HTTP/1.1`, 'Host: a'])).toThrow(
      expect.objectContaining({ token: 'path-ambiguous' }),
    )
  })

  test('in absolute form needs a Host beside it, in HTTP/1.0 too', () => {
    expect(() => edgeRequest(['GET http://a/ HTTP/1.0'])).toThrow(
      expect.objectContaining({ token: 'request-malformed' }),
    )
  })
})
