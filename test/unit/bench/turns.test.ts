import { expect, test } from 'vitest'
import { unmeasured } from '../../../bench/measure/sample.ts'
import type { Sample } from '../../../bench/measure/sample.ts'
import type { PeerName } from '../../../bench/peers.ts'
import type { Round } from '../../../bench/testbed.ts'
import { Turns } from '../../../bench/turns.ts'
import type { MeasureOptions, Measured } from '../../../bench/turns.ts'
import { works } from '../../../bench/works.ts'
import type { Work } from '../../../bench/works.ts'

const defaults: MeasureOptions = {
  rounds: 2,
  attempts: 1,
  warmMs: undefined,
  rewarmMs: 1000,
  coldMs: 2000,
  measureMs: 3000,
  settleMs: 4000,
}

const handshakes = works.find(({ name }) => name === 'ws handshakes')!
const memory = works.find(({ name }) => name === 'memory, idle ws')!

type Played = (name: PeerName, round: Round, count: number) => Partial<Sample>

/** Takes the turns of a work with proxies that are played. @returns what was done, in order */
async function turns(
  work: Work,
  names: readonly PeerName[],
  options: Partial<MeasureOptions> = {},
  play: Played = () => ({ othersShare: 0 }),
): Promise<{ steps: string[]; measured: Measured }> {
  const steps: string[] = []
  const running = new Set<PeerName>()
  let count = 0
  const bed = {
    async start(name: PeerName) {
      running.add(name)
      steps.push(`start ${name}`)
      await Promise.resolve()
    },
    async stop(name: PeerName) {
      if (running.delete(name)) steps.push(`stop ${name}`)
      await Promise.resolve()
    },
    async round(name: PeerName, round: Round) {
      steps.push(`${name} ${round.warmMs}+${round.measureMs}`)
      await Promise.resolve()
      return { ...unmeasured, ...play(name, round, count++) }
    },
  }
  const all = new Turns(work, names, bed, { ...defaults, ...options }, () => undefined)
  return { measured: await all.take(), steps }
}

test('a proxy is measured cold, then warmed up once, then takes turns with the others', async () => {
  const { steps } = await turns(handshakes, ['drawbridge', 'nginx'])
  expect(steps).toEqual([
    'start drawbridge',
    'drawbridge 0+2000',
    'start nginx',
    'nginx 0+2000',
    // What it has carried cold is a part of its 15 seconds.
    'drawbridge 13000+3000',
    'nginx 13000+3000',
    'drawbridge 1000+3000',
    'nginx 1000+3000',
    'stop drawbridge',
    'stop nginx',
  ])
})

test('a figure taken cold is none of the rounds', async () => {
  const { measured } = await turns(handshakes, ['drawbridge'], {}, (_name, _round, count) => ({
    othersShare: 0,
    cpuUs: 100 - count,
  }))
  expect(measured.cold.get('drawbridge')?.cpuUs).toBe(100)
  expect(measured.rounds.get('drawbridge')?.map(({ cpuUs }) => cpuUs)).toEqual([99, 98])
})

test('what is cold is measured again on a new process, what is warm on the same', async () => {
  const disturbed: Played = (_name, _round, count) => ({ othersShare: count % 2 === 0 ? 1 : 0 })
  const { steps } = await turns(handshakes, ['drawbridge'], { attempts: 2, rounds: 1 }, disturbed)
  expect(steps).toEqual([
    'start drawbridge',
    'drawbridge 0+2000',
    'stop drawbridge',
    'start drawbridge',
    'drawbridge 0+2000',
    'drawbridge 13000+3000',
    'drawbridge 1000+3000',
    'stop drawbridge',
  ])
})

test('a warm-up that was asked for takes the place of the work’s own', async () => {
  const { steps } = await turns(handshakes, ['drawbridge'], { warmMs: 5000, coldMs: 0, rounds: 1 })
  expect(steps).toEqual(['start drawbridge', 'drawbridge 5000+3000', 'stop drawbridge'])
})

test('memory is read once, on a process that nothing else has used and beside no other', async () => {
  const { steps } = await turns(memory, ['drawbridge', 'nginx'], { warmMs: 9000 })
  expect(steps).toEqual([
    'start drawbridge',
    'drawbridge 1000+4000',
    'stop drawbridge',
    'start nginx',
    'nginx 1000+4000',
    'stop nginx',
  ])
})

test('a proxy that fails is left out, and the others go on', async () => {
  const { steps, measured } = await turns(
    handshakes,
    ['drawbridge', 'nginx'],
    {},
    (name, round) => {
      if (name === 'nginx' && round.warmMs > 0) throw new Error('nginx: a connection was not kept')
      return { othersShare: 0 }
    },
  )
  expect(steps.filter((step) => step.startsWith('nginx'))).toEqual([
    'nginx 0+2000',
    'nginx 13000+3000',
  ])
  expect(measured.failures).toEqual(['ws handshakes: nginx: a connection was not kept'])
  expect([...measured.rounds.keys(), ...measured.cold.keys()]).toEqual(['drawbridge', 'drawbridge'])
})
