import { Opcode } from '../../../src/websocket/opcode.ts'
import { clientFrame, closePayload, frame } from '../../support/frames.ts'
import type { Rig } from './rig.ts'

const { close } = Opcode

export function clientClose(code: number, reason = ''): Buffer {
  return clientFrame({ opcode: close, payload: closePayload(code, reason) })
}

export function upstreamClose(code: number, reason = ''): Buffer {
  return frame({ opcode: close, payload: closePayload(code, reason) })
}

/** Both ends answer the gateway's Close and leave, as well-behaved peers do. */
export function leave({ client, upstream }: Rig): void {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.send(frame({ opcode: close }))
  upstream.end()
}

/** The same for a bridge, whose backend knows no Close. */
export function leaveBridge({ client, upstream }: Rig): void {
  client.send(clientFrame({ opcode: close }))
  client.end()
  upstream.end()
}
