import { realpath, stat } from 'node:fs/promises'
import { STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join, relative, sep } from 'node:path'
import send from 'send'
import { answerWhole, cutStalled } from '../answer.ts'
import { GatewayError } from '../errors.ts'

export interface StaticOptions {
  /** Absolute. Nothing outside of it is served, whatever its symbolic links say. */
  readonly directory: string
  /** The request's path without its query, the client's own bytes. */
  readonly path: string
  /** With its `?`, or empty; kept by the redirect to a directory's own path. */
  readonly query: string
  /** What of the path the route matched literally: stripped. Without a trailing slash. */
  readonly prefix: string
  /** How long a file may wait for a client that takes nothing of it. */
  readonly stallMs: number
  /** Aborted where the connection has ended or is to end, with the reason. */
  readonly signal: AbortSignal
}

export interface StaticAnswer {
  readonly status: number
  /** Bytes of the body. */
  readonly sent: number
  /** Why the answer was cut short. */
  readonly error?: GatewayError | undefined
}

/** What a path leads to inside the directory. */
type Found =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'directory' }
  | { readonly kind: 'nothing' }

const nothing = { kind: 'nothing' } as const
const indexName = 'index.html'

/**
 * Serves files. The path is decoded once; names that some file system reads as other names,
 * dotfiles and listings are not there. Ranges, conditional requests and content types are `send`'s.
 * @throws the signal's reason, as long as there is no answer
 */
export async function serveStatic(
  head: IncomingMessage,
  response: ServerResponse,
  { directory, path, query, prefix, stallMs, signal }: StaticOptions,
): Promise<StaticAnswer> {
  if (head.method !== 'GET' && head.method !== 'HEAD') {
    return answer(head, response, 405, { Allow: 'GET, HEAD' })
  }
  const inner = path.startsWith(prefix) ? path.slice(prefix.length) : path
  const root = await realpath(directory)
  const found = await find(root, inner)
  // Of a client that left meanwhile nothing more would be heard.
  signal.throwIfAborted()
  if (found.kind === 'nothing') return answer(head, response, 404)
  if (found.kind === 'file')
    return sendFile(head, response, { root, file: found.path, stallMs, signal })
  // One leading slash: two would name another host.
  return answer(head, response, 308, { Location: `${path.replace(/^\/+/, '/')}/${query}` })
}

/** @param path below the prefix: empty, or starting with a slash where it is a directory's */
async function find(root: string, path: string): Promise<Found> {
  const names = readNames(path)
  if (names === undefined) return nothing
  const asDirectory = path.endsWith('/')
  const found = await look(root, join(root, ...names))
  if (found === undefined) return nothing
  if (!found.directory) return asDirectory ? nothing : { kind: 'file', path: found.path }
  const index = await look(root, join(found.path, indexName))
  if (index === undefined || index.directory) return nothing
  return asDirectory ? { kind: 'file', path: index.path } : { kind: 'directory' }
}

/** The segments of a path, decoded; undefined where one is not to be served. */
function readNames(path: string): string[] | undefined {
  const names = path.replace(/^\//, '').replace(/\/$/, '')
  if (names === '') return []
  const decoded: string[] = []
  for (const segment of names.split('/')) {
    let name
    try {
      name = decodeURIComponent(segment)
    } catch {
      // A broken escape names nothing.
      return undefined
    }
    // Separators and streams of other file systems; dotfiles and `..`; what Windows drops from the
    // end of a name.
    if (name === '' || /[\\/:\p{Cc}]|^\.|[.\s]$/u.test(name)) return undefined
    decoded.push(name)
  }
  return decoded
}

/** A regular file or a directory by its real path; undefined where there is none inside `root`. */
async function look(
  root: string,
  path: string,
): Promise<{ path: string; directory: boolean } | undefined> {
  try {
    const real = await realpath(path)
    if (real !== root && !real.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    const facts = await stat(real)
    if (facts.isDirectory()) return { path: real, directory: true }
    return facts.isFile() ? { path: real, directory: false } : undefined
  } catch {
    // Absent, unreadable, a loop of links or a name that is too long: not there.
    return undefined
  }
}

function sendFile(
  head: IncomingMessage,
  response: ServerResponse,
  {
    root,
    file,
    stallMs,
    signal,
  }: { root: string; file: string } & Pick<StaticOptions, 'stallMs' | 'signal'>,
): Promise<StaticAnswer> {
  return new Promise((resolve) => {
    let sent = 0
    let told: StaticAnswer | undefined
    let error: GatewayError | undefined
    response.setHeader('X-Content-Type-Options', 'nosniff')
    // Pages may change, and may be for some only: ask each time.
    response.setHeader('Cache-Control', 'no-cache')
    cutStalled(response, stallMs, () => {
      error ??= new GatewayError('client-stalled', `takes nothing in ${stallMs} ms`)
    })
    response.once('finish', () => {
      // Node 22 says that too where the last write has failed; 'close' follows.
      if (error !== undefined || response.req.socket.errored !== null) return
      resolve(told ?? { status: response.statusCode, sent })
    })
    response.once('close', () => {
      error ??= signal.aborted
        ? GatewayError.from(signal.reason)
        : new GatewayError('client-lost', 'the client has gone')
      resolve({ status: response.headersSent ? response.statusCode : 0, sent, error })
    })
    const path = relative(root, file).split(sep).map(encodeURIComponent).join('/')
    // A link to a dotfile is one too.
    send(head, path, { root, index: false, dotfiles: 'ignore', cacheControl: false })
      .on('stream', (stream: NodeJS.ReadableStream) => {
        stream.on('data', (chunk: Buffer) => {
          sent += chunk.length
        })
      })
      .on('error', (cause: { status?: number; headers?: Record<string, string> }) => {
        if (!response.headersSent) {
          told = answer(head, response, cause.status ?? 500, cause.headers)
          return
        }
        error = new GatewayError('internal', 'the file cannot be read to its end', { cause })
        response.destroy()
      })
      .pipe(response)
  })
}

function answer(
  head: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string> = {},
): StaticAnswer {
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  const body = `${STATUS_CODES[status] ?? ''}\n`
  const type = { 'Content-Type': 'text/plain; charset=utf-8' }
  answerWhole(head, response, status, { ...type, ...headers }, body)
  return { status, sent: head.method === 'HEAD' ? 0 : Buffer.byteLength(body) }
}
