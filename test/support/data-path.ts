import { fastPorts, plainPorts } from '../../src/relay/port/choose-ports.ts'
import type { Ports } from '../../src/relay/port/choose-ports.ts'
import { fastPathOf } from '../../src/runtime/fast-path.ts'

/** As in production: DRAWBRIDGE_FAST_PATH lets the whole suite run each way. */
export const fastPath = fastPathOf(process.env['DRAWBRIDGE_FAST_PATH']) ?? 'direct'

/** The fastest ports of this Node that the variable allows. */
export const ports: Ports =
  fastPath === 'plain'
    ? plainPorts
    : ((fastPath === 'direct' ? fastPorts('direct') : undefined) ??
      fastPorts('adopted') ??
      plainPorts)
