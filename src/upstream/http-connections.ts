import type { Socket } from 'node:net'
import type { GatewayError } from '../errors.ts'
import { HttpConnection } from './http-connection.ts'
import type { Member } from './member.ts'

/** The HTTP connections of a pool: those that carry a request, and those kept for the next. */
export class HttpConnections {
  readonly #idle = new Map<Member, HttpConnection[]>()
  readonly #all = new Map<HttpConnection, Member>()
  #closing: (() => void) | undefined

  /** A kept connection to a member, which is in use from now on. */
  take(member: Member): HttpConnection | undefined {
    return this.#idle.get(member)?.pop()
  }

  /** A new one, in use, on a socket that nobody else uses. */
  open(member: Member, socket: Socket): HttpConnection {
    const connection = new HttpConnection(member.server, socket, () => this.#forget(connection))
    this.#all.set(connection, member)
    return connection
  }

  /** It is free again, and kept where it can be used again. */
  keep(connection: HttpConnection): void {
    const member = this.#all.get(connection)
    if (member === undefined || !connection.usable) return
    if (this.#closing !== undefined) {
      connection.destroy()
      return
    }
    const idle = this.#idle.get(member)
    if (idle === undefined) this.#idle.set(member, [connection])
    else idle.push(connection)
  }

  /** Keeps no more than so many to a member. */
  trim(member: Member, most: number): void {
    const idle = this.#idle.get(member) ?? []
    const many = idle.length - Math.max(0, most)
    if (many > 0) for (const connection of idle.splice(0, many)) connection.destroy()
  }

  /** Nothing new goes to a member on what is kept now. */
  drop(member: Member): void {
    for (const connection of this.#idle.get(member)?.splice(0) ?? []) connection.destroy()
    this.#idle.delete(member)
  }

  /** Idle ones close at once, busy ones when their answer is done; resolves when none is left. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closing = resolve
      for (const member of this.#idle.keys()) this.drop(member)
      if (this.#all.size === 0) resolve()
    })
  }

  /** Ends all of them, and what they carry. */
  destroy(reason: GatewayError): void {
    this.#closing ??= () => undefined
    for (const connection of this.#all.keys()) connection.destroy(reason)
  }

  #forget(connection: HttpConnection): void {
    const member = this.#all.get(connection)
    this.#all.delete(connection)
    const idle = member && this.#idle.get(member)
    const at = idle?.indexOf(connection) ?? -1
    if (at >= 0) idle?.splice(at, 1)
    if (this.#all.size === 0) this.#closing?.()
  }
}
