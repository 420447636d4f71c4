import { fastPorts, plainPorts } from '../../../../src/relay/port/choose-ports.ts'
import { transports } from '../../../support/socket-pair.ts'
import { describePort } from './port-suite.ts'

// A further implementation is held to the same. What this Node does not have is passed over.
const all = [plainPorts, fastPorts('adopted'), fastPorts('direct')]
for (const ports of all) {
  for (const transport of transports) {
    if (ports !== undefined) describePort(`${ports.path} port`, transport, ports.make)
  }
}
