import { setImmediate as turn } from 'node:timers/promises'
import { expect } from 'vitest'
import { proxyTo, startGateway } from '../../support/gateway.ts'
import type { RunningGateway } from '../../support/gateway.ts'
import { RawClient } from '../../support/raw-client.ts'
import type { TlsFiles } from '../../support/tls-files.ts'
import { recorder } from './http-upstream.ts'
import type { SeenRequest } from './http-upstream.ts'

/**
 * One input of a corpus: a name, the bytes as latin1 text, and what has to come of them: the
 * statuses in order, each with the token of the gateway's own answer, then whether the connection
 * is `open` or `closed`. Last, the requests that the upstream may see, each as method, target and
 * body.
 */
export type Row = readonly [
  name: string,
  bytes: string,
  outcome: string,
  upstream?: readonly string[],
]

export interface Outcome {
  readonly outcome: string
  readonly upstream: readonly string[]
}

export interface RunOptions {
  /** One byte a write. */
  readonly byteWise?: boolean
  /** Sends FIN behind the bytes. */
  readonly fin?: boolean
  /** Merged into the configuration. */
  readonly config?: Record<string, unknown>
  /** The listener's certificates; clear text without them. */
  readonly tls?: () => TlsFiles['certificates'] | undefined
}

const probe = 'GET /probe HTTP/1.1\r\nHost: probe.example\r\n\r\n'

/** Sends one input through a gateway of its own, and tells what came of it. */
export async function run([, bytes, outcome]: Row, options: RunOptions): Promise<Outcome> {
  const upstream = await recorder()
  const gateway = await startGateway(
    proxyTo(`http://127.0.0.1:${upstream.port}`, {
      listeners: {
        edge: { bind: '127.0.0.1:0', ...(options.tls && { tls: { certificates: options.tls() } }) },
      },
      // Many inputs go at once, and byte by byte: a slow machine is not to look like a slow client.
      timeouts: { handshake: '30s' },
      ...options.config,
    }),
  )
  const client = await connect(gateway, options)
  // Bounds every wait below: what ends this way never comes to what it should.
  const bound = { passed: false }
  const timer = setTimeout(() => {
    bound.passed = true
    client.destroy()
  }, 40_000)
  try {
    if (options.byteWise === true) await sendByteWise(client, bytes)
    else client.send(bytes)
    if (options.fin === true) client.end()
    const head = bytes.startsWith('HEAD ')
    const answers = await readAnswers(client, outcome.split(', ').length - 1, head)
    const state = await stateOf(client, answers.at(-1), head)
    await lastProbe(gateway, options)
    while (upstream.pending() > 0 && !bound.passed) await turn()
    const { requests, faults } = upstream
    const seen = requests.map(textOf).filter((text) => text !== 'GET /probe')
    await expectLogged(gateway, answers)
    return {
      outcome: [...answers.map(({ text }) => text), bound.passed ? `${state}, stuck` : state].join(
        ', ',
      ),
      upstream: [...seen, ...faults],
    }
  } finally {
    clearTimeout(timer)
    client.destroy()
    gateway.stop()
    upstream.close()
  }
}

async function connect(gateway: RunningGateway, { tls }: RunOptions): Promise<RawClient> {
  return await RawClient.connect(gateway.port(), tls ? { tls: { servername: 'localhost' } } : {})
}

/** Each byte gets a turn of the loop to itself, which is this process's and the gateway's alike. */
async function sendByteWise(client: RawClient, bytes: string): Promise<void> {
  for (const byte of Buffer.from(bytes, 'latin1')) {
    if (client.ended) return
    client.send(Buffer.of(byte))
    await turn()
  }
}

interface Answer {
  /** The status, and the token where the gateway answered itself. */
  readonly text: string
  readonly status: number
  readonly closes: boolean
}

/** As many answers as are expected, or fewer where the connection ends before. */
async function readAnswers(client: RawClient, count: number, head: boolean): Promise<Answer[]> {
  const answers: Answer[] = []
  while (answers.length < count) {
    const next = await readAnswer(client, head)
    if (next === undefined) break
    answers.push(next)
  }
  return answers
}

async function readAnswer(client: RawClient, head: boolean): Promise<Answer | undefined> {
  try {
    const { status, headers } = await client.head()
    const length =
      head || status < 200 || status === 204 ? 0 : Number(headers.get('content-length'))
    const body = (await client.take(length)).toString('latin1')
    const text = body === '' || body === 'ok' ? String(status) : `${status} ${body.trim()}`
    return { text, status, closes: /\bclose\b/.test(headers.get('connection') ?? '') }
  } catch {
    // The connection ended before an answer, or within one: what there is stays unread, and is told
    // by the state.
    return undefined
  }
}

/** Whether the connection takes another request after the last answer. */
async function stateOf(
  client: RawClient,
  last: Answer | undefined,
  head: boolean,
): Promise<string> {
  if (!client.ended && last?.closes === false) {
    client.send(probe)
    const next = await readAnswer(client, head)
    if (next !== undefined) return next.text === '200' ? 'open' : `then ${next.text}`
  }
  const rest = (await client.closed()).toString('latin1')
  return rest === '' ? 'closed' : `closed behind ${JSON.stringify(rest)}`
}

/**
 * Another connection is served, whatever the input was; what was under way before has come through
 * by then.
 */
async function lastProbe(gateway: RunningGateway, options: RunOptions): Promise<void> {
  const client = await connect(gateway, options)
  client.send(probe)
  expect((await client.answer()).status).toBe(200)
  client.destroy()
}

/** Exactly one line a refusal, and none for what was never a request. */
async function expectLogged(gateway: RunningGateway, answers: readonly Answer[]): Promise<void> {
  const refused = answers.filter(({ status }) => status >= 400)
  for (const { status } of refused) await gateway.log.line('refused', { status })
  const lines = gateway.log.lines.filter(({ msg }) => msg === 'refused')
  expect(lines.map(({ status, error }) => `${String(status)} ${String(error)}`)).toEqual(
    refused.map(({ text }) => expect.stringMatching(new RegExp(`^${text}\\b`)) as unknown),
  )
}

function textOf({ start, body }: SeenRequest): string {
  return body === '' ? start : `${start} ${body}`
}
