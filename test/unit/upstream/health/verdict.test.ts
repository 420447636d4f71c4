import { expect, test } from 'vitest'
import { Verdict } from '../../../../src/upstream/health/verdict.ts'

/** Whether a server is up (`u`) or down after each check: `+` passed, `-` failed. */
function after(
  checks: string,
  verdict = new Verdict({ unhealthyAfter: 3, healthyAfter: 2 }),
): string {
  return checks
    .split('')
    .map((check) => {
      if (check === '+') verdict.passed()
      else verdict.failed()
      return verdict.down ? 'd' : 'u'
    })
    .join('')
}

test.each([
  ['+---', 'uuud', 'as many failures in a row as it takes mark a server down'],
  ['+--+--', 'uuuuuu', 'failures with a success between do not add up'],
  ['+---++', 'uuuddu', 'as many successes in a row as it takes mark it up again'],
  ['+---+-+-+', 'uuudddddd', 'successes with a failure between do not add up'],
  ['-', 'd', 'the very first check marks a server down alone'],
  ['-++', 'ddu', 'a server that was down at first needs as many successes as any'],
  ['+-----++---', 'uuudddduuud', 'it goes down as it did before'],
])('%s is %s: %s', (checks, states) => {
  expect(after(checks)).toBe(states)
})

test('nothing is known against a server before it was checked', () => {
  expect(new Verdict({ unhealthyAfter: 1, healthyAfter: 1 }).down).toBe(false)
})

test('other thresholds go on from what was found', () => {
  const before = new Verdict({ unhealthyAfter: 3, healthyAfter: 2 })
  after('+--', before)
  const now = new Verdict({ unhealthyAfter: 3, healthyAfter: 1 })
  now.goOnFrom(before)
  expect(after('-+', now)).toBe('du')
})

test('a server that something else speaks against is proven anew', () => {
  const verdict = new Verdict({ unhealthyAfter: 3, healthyAfter: 2 })
  after('++', verdict)
  expect(verdict.proven).toBe(true)
  verdict.doubt()
  expect(verdict.proven).toBe(false)
  after('++', verdict)
  expect(verdict.proven).toBe(true)
})
