import { GatewayError } from '../errors.ts'

/** Interim answers that are skipped before the real one. */
export const maxInterimAnswers = 8

/** The values of every line of a header, in order. @param name in lower case */
export function headerValues(raw: readonly string[], name: string): string[] {
  const values: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const line = raw[at]!
    if (line.length === name.length && line.toLowerCase() === name) values.push(raw[at + 1]!)
  }
  return values
}

/**
 * What the parser leaves to its user. A transfer coding besides chunked would be lost on the way:
 * the parser undoes chunked, and the field is not passed on.
 * @throws {GatewayError} `upstream-invalid`
 */
export function checkAnswerHead(status: number, raw: readonly string[]): void {
  if (status < 100 || status > 599) throw invalid(`the status is ${status}`)
  const codings = headerValues(raw, 'transfer-encoding')
  if (codings.length === 0) return
  if (codings.length > 1 || codings[0]!.toLowerCase() !== 'chunked') {
    throw invalid('a transfer coding other than chunked')
  }
  if (headerValues(raw, 'content-length').length > 0) {
    throw invalid('Content-Length and Transfer-Encoding both')
  }
}

function invalid(what: string): GatewayError {
  return new GatewayError('upstream-invalid', what)
}
