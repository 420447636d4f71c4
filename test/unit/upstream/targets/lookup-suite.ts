import { describe, expect, test } from 'vitest'
import { GatewayError } from '../../../../src/errors.ts'
import { formatTarget } from '../../../../src/upstream/targets/target.ts'
import type { TargetLookup } from '../../../../src/upstream/targets/target-lookup.ts'

export interface LookupRig {
  lookup(): TargetLookup
  /** Stores a value under a token. */
  store(token: string, value: string): Promise<void>
  remove(token: string): Promise<void>
  /** From now on nothing can be found out. */
  fail(): Promise<void>
}

const calm = new AbortController().signal

/** What is found, as text: a target, `unknown`, or the token of the error. */
export async function find(lookup: TargetLookup, token: string, signal = calm): Promise<string> {
  try {
    const target = await lookup.find(token, signal)
    return target === undefined ? 'unknown' : formatTarget(target)
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error
    // Whoever reads the log is not to learn a token.
    expect(error.message).not.toContain(token)
    return error.token
  }
}

/** What every lookup that has tokens in store does. */
export function lookupSuite(name: string, rig: LookupRig): void {
  describe(name, () => {
    test('finds what is stored, and what is stored later', async () => {
      await rig.store('desk-one', '10.0.0.1:5900')
      expect(await find(rig.lookup(), 'desk-one')).toBe('10.0.0.1:5900')
      expect(await find(rig.lookup(), 'desk-two')).toBe('unknown')
      await rig.store('desk-two', '[2001:db8::1]:5901')
      expect(await find(rig.lookup(), 'desk-two')).toBe('[2001:db8::1]:5901')
    })

    test('finds what has changed, and not what is gone', async () => {
      await rig.store('moving', '10.0.0.1:5900')
      expect(await find(rig.lookup(), 'moving')).toBe('10.0.0.1:5900')
      await rig.store('moving', '10.0.0.2:5900')
      expect(await find(rig.lookup(), 'moving')).toBe('10.0.0.2:5900')
      await rig.remove('moving')
      expect(await find(rig.lookup(), 'moving')).toBe('unknown')
    })

    test('finds a unix socket', async () => {
      await rig.store('socket', 'unix_socket:/run/vnc/one')
      expect(await find(rig.lookup(), 'socket')).toBe('unix:/run/vnc/one')
    })

    test.each([
      '..',
      '.',
      '../desk-one',
      'desk-one/',
      'desk-one ',
      'DESK-ONE',
      'desk-one?',
      'desk-one\0',
      'desk-one\n',
      '*',
      '__proto__',
      '%64esk-one',
      'désk',
    ])('a token is what it is, and %j is none', async (token) => {
      await rig.store('desk-one', '10.0.0.1:5900')
      expect(await find(rig.lookup(), token)).toBe('unknown')
    })

    test('many ask at once', async () => {
      await rig.store('desk-one', '10.0.0.1:5900')
      const asking = Array.from({ length: 200 }, (_, at) =>
        find(rig.lookup(), at % 2 === 0 ? 'desk-one' : 'nobody'),
      )
      const found = await Promise.all(asking)
      expect(new Set(found.filter((_, at) => at % 2 === 0))).toEqual(new Set(['10.0.0.1:5900']))
      expect(new Set(found.filter((_, at) => at % 2 === 1))).toEqual(new Set(['unknown']))
    })

    test('who has gone waits for nothing', async () => {
      await expect(
        rig.lookup().find('desk-one', AbortSignal.abort(new Error('gone'))),
      ).rejects.toThrow('gone')
    })

    test('what cannot be found out is target-unavailable', async () => {
      await rig.store('secret-token', '10.0.0.1:5900')
      await rig.fail()
      expect(await find(rig.lookup(), 'secret-token')).toBe('target-unavailable')
    })
  })
}
