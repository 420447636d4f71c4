import type { FlagSpecs } from '../flags.ts'
import { overrideFlags, singleRouteFlags } from '../serve-flags.ts'
import type { OwnFlags } from './command-line.ts'

/** What `serve` has and websockify has not: good beside its options, or as variables. */
export const sharedFlags = {
  origin: {
    ...singleRouteFlags.origin,
    describe:
      'A web origin whose pages may connect, such as https://app.example.com; may be repeated; by default any, with a login the same origin',
  },
  ...overrideFlags,
} as const satisfies FlagSpecs

export const printConfig = 'print-config'

export const ownFlags: OwnFlags = {
  ...Object.fromEntries(Object.keys(sharedFlags).map((name) => [name, true])),
  [printConfig]: false,
}
