import { PlainPort } from '../../../src/relay/plain-port.ts'
import { transports } from '../../support/socket-pair.ts'
import { describePort } from './port-suite.ts'

// A further implementation is held to the same.
for (const transport of transports) {
  describePort('PlainPort', transport, (socket, bufferBytes) => new PlainPort(socket, bufferBytes))
}
