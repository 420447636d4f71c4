import { Agent, request } from 'undici'
import { isLoopback } from '../config/endpoint.ts'

const timeoutMs = 5_000
const mostBytes = 1_048_576

/**
 * Gives the text of a key set; rejects where there is none to be had. Never takes longer than a few
 * seconds.
 */
export type JwksFetch = (signal: AbortSignal) => Promise<string>

/**
 * Fetches a key set with a GET that follows no redirects: where keys come from is the operator's to
 * say, not the answer's.
 * @throws {Error} where keys would come in clear text over a network
 */
export function jwksFetch(url: URL): JwksFetch {
  if (url.protocol !== 'https:' && !isLoopback(url)) {
    throw new Error('keys come over https only, or from this machine')
  }
  const agent = new Agent({ connections: 1, connect: { timeout: timeoutMs } })
  return async (signal) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    try {
      return await fetchText(url, agent, AbortSignal.any([deadline, signal]))
    } catch (error) {
      if (deadline.aborted) throw new Error(`no whole answer in ${timeoutMs} ms`, { cause: error })
      throw error
    }
  }
}

async function fetchText(url: URL, dispatcher: Agent, signal: AbortSignal): Promise<string> {
  const { statusCode, body } = await request(url, {
    dispatcher,
    signal,
    headers: { accept: 'application/jwk-set+json, application/json' },
    // The next one is minutes away.
    reset: true,
  })
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop destroys the body, and with it the connection.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (statusCode !== 200) break
    bytes += chunk.length
    if (bytes > mostBytes) throw new Error(`the key set is larger than ${mostBytes} bytes`)
    chunks.push(chunk)
  }
  if (statusCode !== 200) throw new Error(`the issuer answered ${statusCode}`)
  return Buffer.concat(chunks).toString()
}
