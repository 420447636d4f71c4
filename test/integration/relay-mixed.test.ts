import { afterAll, beforeAll, expect, test } from 'vitest'
import { endings, mixedBridge, mixedRelay } from '../support/mixed-session.ts'
import { Random } from '../support/random.ts'
import { RawGateway } from '../support/raw-session.ts'

const seed = 20_261_124
const workers = 8
const runMs = 5_000

let relay: RawGateway
let bridge: RawGateway
beforeAll(async () => {
  const limits = { message: 'none', controlFrameRate: 'none' }
  relay = await RawGateway.relay({ limits })
  bridge = await RawGateway.bridge({ limits })
})
afterAll(() => {
  relay.stop()
  bridge.stop()
})

test.each([
  ['relay', mixedRelay],
  ['bridge', mixedBridge],
] as const)(
  'five seconds of everything at once on a %s',
  { timeout: 30_000 },
  async (kind, run) => {
    const gateway = kind === 'relay' ? relay : bridge
    const until = performance.now() + runMs
    let count = 0
    await Promise.all(
      Array.from({ length: workers }, async () => {
        while (performance.now() < until) {
          const number = count++
          const random = new Random(seed + number)
          const ending = endings[number % endings.length]!
          try {
            await run(await gateway.open(), ending, random)
          } catch (error) {
            throw new Error(`session ${number}: ${ending}`, { cause: error })
          }
        }
      }),
    )
    expect(count).toBeGreaterThan(50)
  },
)
