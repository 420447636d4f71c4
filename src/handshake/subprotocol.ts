import { GatewayError } from '../errors.ts'

/**
 * The subprotocol that a bridge answers: the first of the client's that the route knows. A client
 * that offers none gets none, as RFC 6455 section 4.2.2 has it; one that offers only others would
 * fail the connection itself, without a reason.
 * @throws {GatewayError} `subprotocol-unsupported` where only others are offered
 */
export function chooseSubprotocol(
  offered: readonly string[],
  known: readonly string[],
): string | undefined {
  const chosen = offered.find((protocol) => known.includes(protocol))
  if (chosen === undefined && offered.length > 0) {
    throw new GatewayError('subprotocol-unsupported', `offered are none of ${known.join(', ')}`)
  }
  return chosen
}
