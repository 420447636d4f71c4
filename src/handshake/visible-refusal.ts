import type { GatewayError } from '../errors.ts'
import { closeLingering } from '../answer.ts'
import type { Exchange } from '../listener/exchange.ts'
import { encodeClose } from '../websocket/encode.ts'
import { switchingProtocols } from './accept.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

const unauthorized = 3000
const forbidden = 3003
const tryAgainLater = 1013

/** Refused clients that may hold a WebSocket at once. */
const maxOpen = 100
/** How long one may take to close. */
const closingMs = 1_000

/**
 * Refusals that a page can see. A browser tells its page nothing of a handshake that failed, so
 * that it cannot know whether to ask for a login or to try again: here the handshake succeeds, and
 * the WebSocket is closed at once with a code that says it.
 */
export class VisibleRefusals {
  #open = 0

  /**
   * Accepts an upgrade and closes it, where that is of use: a browser has asked, from an origin
   * that may ask, and not too many are being told already.
   * @param offered the subprotocols that are no secrets: browsers insist on one of theirs
   * @returns the close code; undefined where nothing was done, and the refusal has to go out as
   * HTTP
   */
  refuse(
    { connection, takeover }: Pick<Exchange, 'connection' | 'takeover'>,
    { key, origin }: UpgradeRequest,
    offered: readonly string[],
    error: GatewayError,
  ): number | undefined {
    const code = closeCodeOf(error)
    if (code === undefined || takeover === undefined || origin === undefined) return undefined
    const { socket } = connection
    if (this.#open >= maxOpen || socket.destroyed) return undefined
    this.#open++
    socket.once('close', () => this.#open--)
    takeover.accept(switchingProtocols({ key, protocol: offered[0], extensions: undefined }))
    socket.write(encodeClose({ code, reason: error.token }, false))
    closeLingering(socket, closingMs)
    return code
  }
}

/** Undefined for what a page is not to know, or can do nothing about. */
function closeCodeOf({ token, fault }: GatewayError): number | undefined {
  switch (token) {
    // A foreign page must not learn whether a user is logged in, nor anybody what an address may
    // do.
    case 'origin-denied':
    case 'address-denied':
      return undefined
    case 'permission-missing':
      return forbidden
    default:
      if (fault.status === 401) return unauthorized
      return fault.status === 429 || fault.status === 503 ? tryAgainLater : undefined
  }
}
