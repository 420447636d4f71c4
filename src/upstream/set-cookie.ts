import type { AnswerSink } from './http-request.ts'

/**
 * Header lines with a cookie of the gateway's behind them.
 * @param cookie a Set-Cookie value; undefined leaves them as they are
 */
export function withCookie(
  headers: readonly string[],
  cookie: string | undefined,
): readonly string[] {
  return cookie === undefined ? headers : [...headers, 'Set-Cookie', cookie]
}

/** A sink whose answer sets the cookie. */
export function settingCookie(sink: AnswerSink, cookie: string | undefined): AnswerSink {
  if (cookie === undefined) return sink
  return {
    head: (head, flow) => sink.head({ ...head, headers: withCookie(head.headers, cookie) }, flow),
    data: (chunk) => sink.data(chunk),
    end: (trailers) => sink.end(trailers),
  }
}
