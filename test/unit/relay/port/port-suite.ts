import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { Transport } from '../../../support/socket-pair.ts'
import { testBytes } from './bytes-suite.ts'
import { testEndings } from './ending-suite.ts'
import { PortRig } from './port-rig.ts'
import type { MakePort } from './port-rig.ts'
import { testPressure } from './pressure-suite.ts'
import { testThrows } from './throwing-suite.ts'

/** What every implementation of `Port` must do, whatever carries it. */
export function describePort(name: string, transport: Transport, make: MakePort): void {
  describe(`${name} on ${transport}`, () => {
    const rig = new PortRig(transport, make)
    beforeAll(() => rig.open())
    afterEach(() => rig.idle())
    afterAll(() => rig.close())
    testBytes(rig)
    testPressure(rig)
    testEndings(rig)
    testThrows(rig)
  })
}
