/**
 * Sockets for load generator and backend without most of what Node's streams cost, so that two
 * processes on one core keep a proxy busy that is written in C. Peers of a measurement may reach
 * into Node; where its inside looks different, streams do the same more slowly.
 */
import { Server, Socket } from 'node:net'
import type { SocketConstructorOpts } from 'node:net'

interface WriteRequest {
  handle: unknown
  /** What a request under way reads from is not to be collected. */
  bytes: Buffer | undefined
  oncomplete: (() => void) | undefined
}

interface StreamWrap {
  readonly WriteWrap: new () => WriteRequest
  readonly streamBaseState: Int32Array
  readonly kLastWriteWasAsync: number
}

interface Handle {
  writeBuffer(request: WriteRequest, bytes: Buffer): number
}

/*
 * Only in here Node keeps what a write on a handle has come to. The binding is deprecated and what
 * replaces it is for Node's own modules alone, so it is asked for in one place and may be missing.
 * The product has the same of its own (src/relay/port/socket-internals.ts); nothing is shared with
 * it: a mistake at both ends of a measurement would not show.
 */
const inside = (process as unknown as { binding?: (name: string) => unknown }).binding?.(
  'stream_wrap',
) as Partial<StreamWrap> | undefined

let spare = inside?.WriteWrap === undefined ? undefined : new inside.WriteWrap()

/**
 * Writes to a socket without TLS. Writes follow one another; nothing waits for a slow reader.
 * @param given called when the kernel has taken `bytes`, unless it has by the time this returns
 * @returns whether it has: `bytes` are the caller's again then
 */
export function writeRaw(socket: Socket, bytes: Buffer, given?: () => void): boolean {
  // Here and below: the types know no handles.
  const { _handle: handle } = socket as unknown as { readonly _handle: Handle | null }
  if (handle === null) return true
  const { WriteWrap, streamBaseState, kLastWriteWasAsync } = inside ?? {}
  if (
    spare === undefined ||
    WriteWrap === undefined ||
    streamBaseState === undefined ||
    kLastWriteWasAsync === undefined
  ) {
    socket.write(bytes, given)
    return false
  }
  const request = spare
  request.handle = handle
  if (handle.writeBuffer(request, bytes) !== 0) {
    socket.destroy()
    return true
  }
  if (streamBaseState[kLastWriteWasAsync] === 0) return true
  request.bytes = bytes
  request.oncomplete = given ?? nothing
  spare = new WriteWrap()
  return false
}

function nothing(): void {
  // A write that is done and of whose bytes nobody is waiting.
}

/** What is read on any accepted socket: the sink's only during the call. */
const shared = Buffer.allocUnsafeSlow(262_144)

export type Sink = (bytes: Buffer, from: number, to: number) => void

/**
 * Makes a server whose sockets read into one buffer that they share.
 * @param accept is given each socket, and says where its bytes go
 */
export function rawServer(accept: (socket: Socket) => Sink): Server {
  const server = new Server({ noDelay: true })
  server.on('connection', (socket: Socket) => {
    // Only where the server could not be taken over.
    const sink = accept(socket)
    socket.on('data', (chunk: Buffer) => sink(chunk, 0, chunk.length))
  })
  server.on('listening', () => takeOver(server, accept))
  return server
}

interface Listening {
  onconnection: (status: number, handle: unknown) => void
}

/** Makes the sockets of what is accepted ourselves: net.Server has no `onread` for them. */
function takeOver(server: Server, accept: (socket: Socket) => Sink): void {
  const { _handle: listening } = server as unknown as { readonly _handle?: Listening }
  if (listening?.onconnection === undefined) return
  listening.onconnection = (status, handle) => {
    if (status !== 0 || handle === undefined) return
    const onread = {
      buffer: shared,
      callback(bytes: number): boolean {
        sink(shared, 0, bytes)
        return true
      },
    }
    const socket = new Socket({ handle, onread } as unknown as SocketConstructorOpts)
    socket.setNoDelay(true)
    const sink = accept(socket)
    socket.resume()
  }
}
