import type { Socket } from 'node:net'
import type { GatewayError } from '../errors.ts'
import { HttpConnection } from './http-connection.ts'
import type { Member } from './member.ts'

/** Where connections to one member are kept, until the member is dropped. */
export interface Shelf {
  readonly idle: HttpConnection[]
  isDropped: boolean
}

/** The HTTP connections of a pool: those that carry a request, and those kept for the next. */
export class HttpConnections {
  readonly #shelves = new Map<Member, Shelf>()
  readonly #all = new Map<HttpConnection, Shelf>()
  #closing: (() => void) | undefined

  /** A kept connection to a member, which is in use from now on. */
  take(member: Member): HttpConnection | undefined {
    const idle = this.#shelves.get(member)?.idle
    let connection = idle?.pop()
    // One that was kept and ended with its last answer closes a bit later.
    while (connection?.usable === false) connection = idle?.pop()
    return connection
  }

  /**
   * Where a connection that is dialled from now on will be kept. Asked for before the dial, so that
   * one on its way while the member is dropped is not kept.
   */
  shelf(member: Member): Shelf {
    const shelf = this.#shelves.get(member) ?? { idle: [], isDropped: false }
    this.#shelves.set(member, shelf)
    return shelf
  }

  /** A new one, in use, on a socket that nobody else uses. */
  open(member: Member, socket: Socket, shelf: Shelf): HttpConnection {
    const connection = new HttpConnection(member.server, socket, {
      closed: () => this.#forget(connection),
      free: () => this.#keep(connection),
    })
    this.#all.set(connection, shelf)
    return connection
  }

  /** Keeps no more than so many to a member. */
  trim(member: Member, most: number): void {
    const idle = this.#shelves.get(member)?.idle ?? []
    const many = idle.length - Math.max(0, most)
    if (many > 0) for (const connection of idle.splice(0, many)) connection.destroy()
  }

  /**
   * Nothing new goes to a member on a connection of now: idle ones close at once, busy ones when
   * their answer is done.
   */
  drop(member: Member): void {
    const shelf = this.#shelves.get(member)
    if (shelf === undefined) return
    this.#shelves.delete(member)
    shelf.isDropped = true
    for (const connection of shelf.idle.splice(0)) connection.destroy()
  }

  /** Idle ones close at once, busy ones when their answer is done; resolves when none is left. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closing = resolve
      for (const member of this.#shelves.keys()) this.drop(member)
      if (this.#all.size === 0) resolve()
    })
  }

  /** Ends all of them, and what they carry. */
  destroy(reason: GatewayError): void {
    this.#closing ??= () => undefined
    for (const connection of this.#all.keys()) connection.destroy(reason)
  }

  #keep(connection: HttpConnection): void {
    const shelf = this.#all.get(connection)
    if (shelf === undefined || !connection.usable) return
    // Not from within the parser that tells it.
    if (this.#closing !== undefined || shelf.isDropped) queueMicrotask(() => connection.destroy())
    else shelf.idle.push(connection)
  }

  #forget(connection: HttpConnection): void {
    const idle = this.#all.get(connection)?.idle
    this.#all.delete(connection)
    const at = idle?.indexOf(connection) ?? -1
    if (at >= 0) idle?.splice(at, 1)
    if (this.#all.size === 0) this.#closing?.()
  }
}
