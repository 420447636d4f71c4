import { chooseSubprotocol } from '../handshake/subprotocol.ts'
import type { UpgradeRequest } from '../handshake/upgrade-request.ts'
import type { PickFacts } from '../upstream/balance/pick-facts.ts'
import { awaitGreeting } from '../upstream/greeting.ts'
import type { DialedAnswer, DialedTcp, DialedWebSocket } from '../upstream/upstream.ts'
import { linesFor } from './identify.ts'
import type { Proof } from './identify.ts'
import type { Route, Stages, TargetBridgeAction, TunnelAction } from './stages.ts'
import { readToken } from './target-token.ts'

/** An upgrade that may go upstream, and what decides where. */
export interface Admitted {
  readonly upgrade: UpgradeRequest
  readonly facts: PickFacts
  readonly proof: Proof | undefined
  readonly place: { release(): void }
}

export type Dialed = DialedAnswer | DialedWebSocket | DialedBackend
export interface DialedBackend extends DialedTcp {
  readonly kind: 'tcp'
  readonly protocol: string | undefined
  readonly extensions: undefined
  readonly messages: 'binary' | 'text'
  readonly greeting: string | undefined
}

/** @throws {GatewayError} why it leads nowhere */
export async function dial(
  admitted: Admitted,
  route: Route,
  action: TunnelAction,
  signal: AbortSignal,
  stages: Stages,
): Promise<Dialed> {
  const { upgrade, facts, proof } = admitted
  const { request, protocols, extensions } = upgrade
  if (action.kind === 'bridge') {
    const protocol = chooseSubprotocol(protocols, action.subprotocols)
    const dialed =
      action.from === undefined
        ? await action.upstream.dialTcp(facts, signal)
        : await dialTarget(action, admitted, route, signal)
    const { messages, greeting } = action
    return { kind: 'tcp', ...dialed, protocol, extensions: undefined, messages, greeting }
  }
  const offer = {
    target: request.target,
    headers: linesFor(request, { route, proof, upgrade: true }, stages),
    protocols,
    extensions: route.compression === 'pass' ? extensions : [],
  }
  return await action.upstream.dialWebSocket(offer, facts, signal)
}

function dialTarget(
  { from, upstream }: TargetBridgeAction,
  { upgrade, facts, proof }: Admitted,
  { match: { paths } }: Route,
  signal: AbortSignal,
): Promise<DialedTcp> {
  const token = readToken(from, { request: upgrade.request, paths, identity: proof?.identity })
  return upstream.dialTcp({ ...facts, token }, signal)
}

/** A service that is not what the route takes it for is told of before the client is answered. */
export async function begun({ socket, server, greeting }: DialedBackend, signal: AbortSignal) {
  if (greeting !== undefined) await awaitGreeting(socket, { server, greeting, signal })
}
