import { describe, expect, test } from 'vitest'
import { edgeRequest } from '../../support/edge-request.ts'

function post(...lines: string[]) {
  return edgeRequest(['POST / HTTP/1.1', 'Host: a', ...lines])
}

describe('a body', () => {
  test.each([
    [[], false, undefined],
    [['Content-Length: 0'], false, 0],
    [['Content-Length: 5'], true, 5],
    [['Content-Length: 0005'], true, 5],
    [['Content-Length: 9007199254740991'], true, Number.MAX_SAFE_INTEGER],
    [['Transfer-Encoding: chunked'], true, undefined],
    [['transfer-encoding: Chunked'], true, undefined],
  ])('is declared by %j', (lines, hasBody, contentLength) => {
    expect(post(...lines)).toMatchObject({ hasBody, contentLength })
  })

  test.each([
    ['Content-Length:'],
    ['Content-Length: +5'],
    ['Content-Length: -5'],
    ['Content-Length: -0'],
    ['Content-Length: 0x5'],
    ['Content-Length: 5,5'],
    ['Content-Length: 5, 6'],
    ['Content-Length: 5 5'],
    ['Content-Length: 1_0'],
    ['Content-Length: 1e1'],
    ['Content-Length: 5.0'],
    ['Content-Length: five'],
    ['Content-Length: \xb2'],
    ['Content-Length: "5"'],
    ['Content-Length: 5;'],
    ['Content-Length: 9007199254740992'],
    ['Content-Length: 18446744073709551616'],
    ['Content-Length: 5\nContent-Length: 5'],
    ['Content-Length: 5\ncontent-length: 6'],
    ['Transfer-Encoding:'],
    ['Transfer-Encoding: xchunked'],
    ['Transfer-Encoding: chunkedx'],
    ['Transfer-Encoding: "chunked"'],
    ['Transfer-Encoding: chunked, identity'],
    ['Transfer-Encoding: identity, chunked'],
    ['Transfer-Encoding: gzip, chunked'],
    ['Transfer-Encoding: chunked, chunked'],
    ['Transfer-Encoding: ,chunked'],
    ['Transfer-Encoding: chunked,'],
    ['Transfer-Encoding: chunked;x'],
    ['Transfer-Encoding: identity'],
    ['Transfer-Encoding: gzip'],
    ['Transfer-Encoding: chun ked'],
    ['Transfer-Encoding: chunked\xa0'],
    ['Transfer-Encoding: chunked\nTransfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked\nTransfer-Encoding: identity'],
    ['Content-Length: 5\nTransfer-Encoding: chunked'],
    ['Transfer-Encoding: chunked\nContent-Length: 5'],
    ['Content-Length: 0\nTransfer-Encoding: chunked'],
  ])('is refused: %j', (lines) => {
    expect(() => post(...lines.split('\n'))).toThrow(
      expect.objectContaining({ token: 'request-malformed' }),
    )
  })

  test('of HTTP/1.0 has no Transfer-Encoding', () => {
    const lines = ['POST / HTTP/1.0', 'Host: a']
    expect(edgeRequest([...lines, 'Content-Length: 5'])).toMatchObject({ hasBody: true })
    expect(() => edgeRequest([...lines, 'Transfer-Encoding: chunked'])).toThrow(
      expect.objectContaining({ token: 'request-malformed' }),
    )
  })
})
