import { once } from 'node:events'
import { lstat, unlink } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { formatBind, type BindAddress } from '../config/bind-address.ts'

/**
 * Where a server listens: the port is the one the system chose where 0 was asked for, undefined on
 * a unix socket.
 */
export interface BoundAddress {
  readonly address: string
  readonly port: number | undefined
}

/**
 * Connections that may wait to be accepted. Node's default of 511 overflows when a whole site
 * reconnects at once.
 */
const backlog = 4096

/**
 * Makes `server` listen.
 * @throws {Error} with one line that names `who` and says what is in the way
 */
export async function listenOn(
  server: Server,
  bind: BindAddress,
  who: string,
): Promise<BoundAddress> {
  try {
    if (bind.kind === 'unix') await removeDeadSocket(bind.path)
    const target = bind.kind === 'unix' ? { path: bind.path } : { host: bind.host, port: bind.port }
    server.listen({ ...target, backlog })
    await once(server, 'listening')
  } catch (error) {
    throw new Error(`${who}: ${bindProblem(bind, error)}`, { cause: error })
  }
  if (bind.kind === 'unix') return { address: formatBind(bind), port: undefined }
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error(`${who}: has no TCP address`)
  return { address: bound.address, port: bound.port }
}

/**
 * A socket that a process left behind is removed; one that somebody answers on is theirs, and what
 * is no socket is never touched (connecting to a plain file is refused just as connecting to a dead
 * socket is).
 */
async function removeDeadSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats?.isSocket() !== true) return
  const probe = connect(path)
  try {
    await once(probe, 'connect')
  } catch (error) {
    if (codeOf(error) === 'ECONNREFUSED') await unlink(path)
  } finally {
    probe.destroy()
  }
}

function bindProblem(bind: BindAddress, error: unknown): string {
  const where = formatBind(bind)
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return `${where} is already in use`
    case 'EACCES':
      return `no permission to listen on ${where}`
    case 'EADDRNOTAVAIL':
      return `${where} is not an address of this machine`
    case 'ENOENT':
      return `${where}: its folder does not exist`
    case undefined:
      return `cannot listen on ${where}: ${error instanceof Error ? error.message : 'unknown error'}`
    default:
      return `cannot listen on ${where}: ${codeOf(error)}`
  }
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
