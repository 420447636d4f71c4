import { describe, expect, test, vi } from 'vitest'
import type { MockInstance } from 'vitest'
import { Stay } from '../../src/pipeline/stay.ts'
import { SessionGates } from '../../src/relay/session-gates.ts'
import { Session } from '../../src/relay/session.ts'
import { livePeer } from '../support/live-peer.ts'
import { RawGateway } from '../support/raw-session.ts'

/** What may throw while a session is set up, and what its client gets then. */
const bugs: Record<string, { code: number; at: () => MockInstance }> = {
  'while its limits are set': { code: 1006, at: () => throwOnce(SessionGates.prototype, 'rate') },
  'when it starts': { code: 1006, at: () => throwOnce(Session.prototype, 'attach') },
  'when others get to know it': { code: 1011, at: () => throwOnce(Stay.prototype, 'begin') },
}

describe.each(['relay', 'bridge'] as const)('after the 101 of a %s', (kind) => {
  test.each(Object.entries(bugs))('a throw %s leaves nothing of its session', async (_, bug) => {
    const limits = { sessions: 1 }
    const gateway = await RawGateway[kind]({ timeouts: { closing: '300ms' }, limits })
    const thrower = bug.at()
    const { client, upstream, closed } = await gateway.open()
    void livePeer(client, 'client')
    void upstream.closed().then(() => upstream.end())
    expect(await closed()).toMatchObject({ level: 'error', code: bug.code, error: 'internal' })
    thrower.mockRestore()
    await upstream.closed()
    expect(await gateway.running.metrics.render()).toMatch(/^drawbridge_sessions_open\{.*\} 0$/m)
    // Its place is free again.
    const next = await gateway.open()
    next.client.reset()
    expect(await next.closed()).toMatchObject({ error: 'client-lost' })
    next.upstream.destroy()
    gateway.stop()
  })
})

function throwOnce<T extends object>(prototype: T, method: keyof T): MockInstance {
  const spied: MockInstance = vi.spyOn(prototype, method as never)
  return spied.mockImplementationOnce(() => {
    throw new Error('a bug')
  })
}
