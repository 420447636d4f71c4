import { fastPorts, plainPorts } from '../../src/relay/port/choose-ports.ts'
import type { Ports } from '../../src/relay/port/choose-ports.ts'
import { fastPathOf } from '../../src/runtime/fast-path.ts'

const asked = process.env['DRAWBRIDGE_FAST_PATH']

/** As in production: DRAWBRIDGE_FAST_PATH lets the whole suite run each way. */
export const fastPath = fastPathOf(asked) ?? 'direct'

/** For gateways in processes of their own: their environment is given, not inherited. */
export const fastPathEnv: Readonly<Record<string, string>> =
  asked === undefined ? {} : { DRAWBRIDGE_FAST_PATH: asked }

/** The fastest ports of this Node that the variable allows. */
export const ports: Ports =
  fastPath === 'plain'
    ? plainPorts
    : ((fastPath === 'direct' ? fastPorts('direct') : undefined) ??
      fastPorts('adopted') ??
      plainPorts)
