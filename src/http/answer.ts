import type { ServerResponse } from 'node:http'
import { GatewayError } from '../errors.ts'
import type { UpstreamAnswer } from '../upstream/upstream.ts'
import { AnswerWriter } from './answer-writer.ts'
import { responseHeaders } from './headers.ts'

/**
 * Relays the HTTP answer that an upstream gave to an upgrade, and closes: after an upgrade that was
 * not taken, both sides may read what follows differently.
 * @throws {GatewayError} only where its head cannot be sent: `upstream-invalid`
 */
export async function relayAnswer(
  answer: UpstreamAnswer,
  response: ServerResponse,
  { stallMs, signal }: { readonly stallMs: number; readonly signal: AbortSignal },
): Promise<{ sent: number; error: GatewayError | undefined }> {
  const { body } = answer
  const writer = new AnswerWriter(response, {
    stallMs,
    resume: () => body.resume(),
    lost: (error) => body.destroy(error),
  })
  const abort = (): void => {
    body.destroy(GatewayError.from(signal.reason))
  }
  response.shouldKeepAlive = false
  signal.addEventListener('abort', abort)
  try {
    const ended = new Promise<void>((resolve, reject) => {
      body.on('data', (chunk: Buffer) => {
        if (!writer.write(chunk)) body.pause()
      })
      body.on('end', resolve)
      body.on('error', reject)
      body.on('close', () => reject(cutShort()))
    })
    // Paused until there is a head in front of it; a failure before that is looked at below.
    body.pause()
    ended.catch(() => undefined)
    if (signal.aborted) abort()
    // It may have broken before anybody listened, and says nothing any more then.
    else if (body.destroyed) throw cutShort(body.errored)
    writer.head(answer.status, answer.statusText, responseHeaders(answer.headers))
    body.resume()
    await ended
    await writer.end()
    return { sent: writer.sent, error: undefined }
  } catch (thrown) {
    const error = meaningOf(thrown)
    if (!writer.started) throw error
    writer.cut()
    return { sent: writer.sent, error }
  } finally {
    signal.removeEventListener('abort', abort)
    body.destroy()
  }
}

function meaningOf(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  return cutShort(thrown)
}

function cutShort(cause?: unknown): GatewayError {
  return new GatewayError('upstream-lost', 'the answer was cut short', { cause })
}
