import { getSystemErrorMap } from 'node:util'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

// What is known of Node's sockets beyond their documentation is known here, but for what plain HTTP
// needs too (transport-queue.ts). Each use has a way out where Node is not as expected.

/** What of a TCP, pipe or TLS handle is used. */
interface Handle {
  reading?: boolean
  readStart?(): number
  readStop?(): number
  /** Reads go into these bytes from now on; C++ keeps a bare pointer to them. */
  useUserBuffer?(bytes: Uint8Array): void
  /** @returns a status where the write is over, and a request where it is not */
  writeBuffer?(request: null, bytes: Uint8Array): number | WriteRequest
}

/** A write that is not over. As long as libuv has it, it is what keeps its bytes from the collector. */
export interface WriteRequest {
  /** Called with a status, negative for an error. What it throws ends the process. */
  oncomplete: (status: number) => void
  bytes: Uint8Array
  /** The status of a write that was over before `oncomplete` was set; null of any other. */
  writeStatus: number | null
}

/** Where net.Socket keeps what its option `onread` sets. */
interface ReadFields {
  readonly buffer: symbol
  readonly callback: symbol
  readonly generator: symbol
}

/** What the last call to write on a handle has left, shared with C++. */
interface WriteState {
  readonly state: Int32Array
  readonly error: number
}

/**
 * Turns a socket that Node made into one that was made with the option `onread`: its reads go into
 * a buffer of ours. The socket stays what it was for everything else (a second socket on the same
 * handle would break closing, counting and renegotiation).
 */
export class ReadTakeover {
  readonly #fields: ReadFields

  private constructor(fields: ReadFields) {
    this.#fields = fields
  }

  /** @returns undefined where Node's sockets do not have the fields */
  static find(): ReadTakeover | undefined {
    const own = Object.getOwnPropertySymbols(new Socket())
    const find = (name: string): symbol | undefined =>
      own.find(({ description }) => description === name)
    const [buffer, callback, generator] = [find('kBuffer'), find('kBufferCb'), find('kBufferGen')]
    if (buffer === undefined || callback === undefined || generator === undefined) return undefined
    return new ReadTakeover({ buffer, callback, generator })
  }

  /** Whether `begin` can take this socket. */
  fits(socket: Duplex): socket is Socket {
    if (!(socket instanceof Socket) || socket.connecting) return false
    const handle = handleOf(socket)
    return (
      typeof handle?.useUserBuffer === 'function' &&
      typeof handle.readStart === 'function' &&
      typeof handle.readStop === 'function' &&
      Reflect.get(socket, this.#fields.buffer) === null
    )
  }

  /**
   * The socket is paused afterwards. From `resumeReading` on `sink` gets the number of bytes that
   * stand at the begin of `buffer`, during its call only; false pauses. What it throws ends the
   * process.
   * @param socket a paused one that `fits`; its listeners for data are gone then
   * @param buffer must never be collected: C++ does not hold it
   * @returns what Node had read already, which comes before all else
   */
  begin(socket: Socket, buffer: Uint8Array, sink: (count: number) => boolean): Buffer | undefined {
    socket.removeAllListeners('data').removeAllListeners('readable')
    socket.pause()
    const early: Buffer[] = []
    // One read may leave chunks behind.
    for (let part: unknown; (part = socket.read()) !== null;) {
      if (part instanceof Buffer) early.push(part)
    }
    // After read(), which starts reading again.
    pauseReading(socket)
    Reflect.set(socket, this.#fields.generator, null)
    Reflect.set(socket, this.#fields.buffer, buffer)
    Reflect.set(socket, this.#fields.callback, sink)
    handleOf(socket)?.useUserBuffer?.(buffer)
    return early.length > 0 ? Buffer.concat(early) : undefined
  }
}

function pauseReading(socket: Socket): void {
  const handle = handleOf(socket)
  if (handle?.reading !== true) return
  handle.reading = false
  handle.readStop?.()
}

/** Below the stream, which need not know: it hands on nothing that it does not get. */
export function resumeReading(socket: Socket): void {
  const handle = handleOf(socket)
  if (!handle || handle.reading === true) return
  handle.reading = true
  const status = handle.readStart?.() ?? 0
  if (status !== 0) socket.destroy(failure('read', status))
}

/**
 * Writes on a socket's handle, past the stream and its bookkeeping: for TCP and unix sockets of a
 * system call, for TLS of an encryption.
 */
export class HandleWrites {
  readonly #write: WriteState

  private constructor(write: WriteState) {
    this.#write = write
  }

  /** @returns undefined on every Node whose handles are not known to write as it is done here */
  static find(): HandleWrites | undefined {
    // Before 26.10 a handle that gets no request ends the process. What is later has yet to be seen.
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
    if (major !== 26 || minor < 10) return undefined
    const streams = bindingOf('stream_wrap')
    const state = property(streams, 'streamBaseState')
    const error = property(streams, 'kLastWriteErr')
    if (!(state instanceof Int32Array) || typeof error !== 'number') return undefined
    return new HandleWrites({ state, error })
  }

  fits(socket: Socket): boolean {
    return typeof handleOf(socket)?.writeBuffer === 'function'
  }

  /**
   * Only while no other write is on the handle: on TLS a second one ends the process.
   * @param bytes where the result is a request these are libuv's until it completes; on TLS they
   * have been encrypted or copied in any case
   * @returns a request where the write goes on, undefined where it is over
   * @throws {Error} where it fails
   */
  write(socket: Socket, bytes: Uint8Array): WriteRequest | undefined {
    const result = handleOf(socket)?.writeBuffer?.(null, bytes) ?? notConnected
    if (typeof result === 'number') {
      if (result !== 0) throw failure('write', result)
      return undefined
    }
    const error = this.#write.state[this.#write.error]!
    if (error !== 0) throw failure('write', error)
    // Were it another kind of request, we would not learn when it is over.
    const { writeStatus } = result
    if (writeStatus !== null && typeof writeStatus !== 'number')
      throw failure('write', notSupported)
    result.bytes = bytes
    return result
  }
}

const notConnected = -107
const notSupported = -95

/**
 * The state of writes, which Node's own streams look at behind every request, hangs on no handle:
 * this is the one way to it, deprecated though it is (DEP0111, of which Node tells under
 * `--pending-deprecation` only).
 * @returns undefined where Node does not give it, as under its permission model
 */
function bindingOf(name: string): unknown {
  try {
    const binding: unknown = Reflect.get(process, 'binding')
    return typeof binding === 'function' ? Reflect.apply(binding, process, [name]) : undefined
  } catch {
    return undefined // Writes go through the stream then.
  }
}

const handleKey = '_handle'

function handleOf(socket: Socket): Handle | null | undefined {
  return (socket as Socket & { readonly [handleKey]?: Handle | null })[handleKey]
}

function property(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? Reflect.get(object, name) : undefined
}

/** An error as Node's streams would give it. */
export function failure(call: 'read' | 'write', status: number): Error {
  const [code = 'UNKNOWN'] = getSystemErrorMap().get(status) ?? []
  return Object.assign(new Error(`${call} ${code}`), { code, syscall: call, errno: status })
}
