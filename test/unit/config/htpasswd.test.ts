import { expect, test } from 'vitest'
import { parseHtpasswd } from '../../../src/config/htpasswd.ts'

const rest = 'abcdefghijklmnopqrstuv0123456789./ABCDEFGHIJKLMNOPQRS'
const hash = (kind: string, cost = '10') => `$${kind}$${cost}$${rest}`

test('reads names and hashes; comments and empty lines are left out', () => {
  const text = `# staff\n\nann:${hash('2y')}\r\nbob smith:${hash('2b', '04')}\n  \nüna:${hash('2a', '16')}`
  const { hashes, faults } = parseHtpasswd(text)
  expect(faults).toEqual([])
  expect([...hashes]).toEqual([
    // One algorithm under two names, of which libraries know one.
    ['ann', hash('2b')],
    ['bob smith', hash('2b', '04')],
    ['üna', hash('2a', '16')],
  ])
})

const bcrypt = 'bcrypt, as `htpasswd -B` makes it ($2y$, $2b$ or $2a$)'

test.each([
  ['a:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=', 'an unsalted SHA-1 hash', bcrypt],
  ['a:$apr1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV', 'an MD5 hash', bcrypt],
  ['a:$1$abcdefgh$ABCDEFGHIJKLMNOPQRSTUV', 'an MD5 hash', bcrypt],
  ['a:$5$abc$def', 'a crypt hash of SHA-2', bcrypt],
  ['a:$6$abc$def', 'a crypt hash of SHA-2', bcrypt],
  ['a:rqXexS6ZhobKA', 'a crypt hash of DES', bcrypt],
  ['a:hunter2', 'another kind of hash, or none', bcrypt],
  ['a:', 'no hash', bcrypt],
  [`a:${hash('2y').slice(0, -1)}`, 'a broken bcrypt hash', bcrypt],
  [`a:${hash('2y')} `, 'a broken bcrypt hash', bcrypt],
  [`a:${hash('2x')}`, 'a broken bcrypt hash', bcrypt],
  [`a:${hash('2y', '03')}`, 'a cost of 3', 'a cost from 4 to 16'],
  [`a:${hash('2y', '31')}`, 'a cost of 31', 'a cost from 4 to 16'],
  [`:${hash('2y')}`, 'no name', 'NAME:HASH'],
  ['hunter2', 'no colon', 'NAME:HASH'],
  [`a\tb:${hash('2y')}`, 'a control character', 'a printable name'],
  [`ok:${hash('2y')}`, 'a name a second time', 'each name once'],
])('refuses the line %j', (line, found, expected) => {
  const { faults, hashes } = parseHtpasswd(`# comment\nok:${hash('2b')}\n${line}\n`)
  expect(faults).toEqual([{ line: 3, found, expected }])
  expect([...hashes.keys()]).toEqual(['ok'])
  expect(JSON.stringify(faults)).not.toContain('hunter2')
})

test('a file in which nobody is named lets nobody in, which nobody wants', () => {
  expect(parseHtpasswd('# nothing\n').faults).toMatchObject([{ line: 1, found: 'nobody' }])
})
