import type { IncomingMessage, ServerResponse } from 'node:http'
import { longestDurationMs } from '../config/duration.ts'
import { GatewayError } from '../errors.ts'
import type { EdgeRequest } from '../listener/edge-request.ts'
import { RequestBody } from './request-body.ts'

export interface FormOptions {
  readonly maxBytes: number
  /** For all of it. */
  readonly withinMs: number
  readonly signal: AbortSignal
}

/**
 * Reads a whole form (`application/x-www-form-urlencoded`).
 * @throws {GatewayError} `request-malformed`, `body-too-big`, `body-timeout`; the signal's reason
 */
export async function readForm(
  { hasBody, headers, contentLength, expectsContinue }: EdgeRequest,
  head: IncomingMessage,
  response: ServerResponse,
  { maxBytes, withinMs, signal }: FormOptions,
): Promise<URLSearchParams> {
  const type = headers.one('content-type')?.split(';', 1)[0]!.trim().toLowerCase()
  if (!hasBody || type !== 'application/x-www-form-urlencoded') {
    throw new GatewayError('request-malformed', 'the body is no form')
  }
  if (contentLength !== undefined && contentLength > maxBytes) {
    throw new GatewayError('body-too-big', `${contentLength} bytes`)
  }
  const wanted = (): void => {
    if (expectsContinue) response.writeContinue()
  }
  const stallMs = Math.min(withinMs, longestDurationMs)
  const body = new RequestBody(head, { maxBytes, stallMs, wanted })
  const late = setTimeout(
    () => body.destroy(new GatewayError('body-timeout', `not whole in ${withinMs} ms`)),
    stallMs,
  )
  const abort = (): void => {
    body.destroy(GatewayError.from(signal.reason))
  }
  signal.addEventListener('abort', abort)
  try {
    const chunks: Buffer[] = []
    for await (const chunk of body as AsyncIterable<Buffer>) chunks.push(chunk)
    return new URLSearchParams(Buffer.concat(chunks).toString())
  } finally {
    clearTimeout(late)
    signal.removeEventListener('abort', abort)
    body.destroy()
  }
}
