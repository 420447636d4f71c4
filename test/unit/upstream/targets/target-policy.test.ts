import { describe, expect, test } from 'vitest'
import { parseTargetRule } from '../../../../src/config/target-rule.ts'
import { TargetPolicy } from '../../../../src/upstream/targets/target-policy.ts'

interface Lists {
  readonly allow?: readonly string[]
  readonly deny?: readonly string[]
}

function rules(texts: readonly string[]) {
  return texts.map((text) => {
    const rule = parseTargetRule(text)
    if (rule === undefined) throw new Error(`no rule: ${text}`)
    return rule
  })
}

function policy({ allow, deny = [] }: Lists): TargetPolicy {
  return new TargetPolicy({ ...(allow && { allow: rules(allow) }), deny: rules(deny) })
}

/** @param target `address port`, with the name that was resolved in front where there was one */
function permits(lists: Lists, target: string): boolean {
  const [port = '', address = '', name] = target.split(' ').toReversed()
  return policy(lists).permits({ name, address, port: Number(port) })
}

test.each(['10.0.0.1 22', '192.168.1.1 5900', '192.0.2.1 80', '2001:db8::1 80', 'fd00::1 80'])(
  'without rules, the network is open: %s',
  (target) => expect(permits({}, target)).toBe(true),
)

describe.each([
  ['127.0.0.1', '127.0.0.0/8', '0.0.0.0/0'],
  ['::1', '::1', '::/0'],
  ['169.254.3.4', '169.254.0.0/16', '169.0.0.0/8'],
  ['169.254.169.254', '169.254.169.254', '169.254.0.0/16'],
  ['fd00:ec2::254', 'fd00:ec2::254', 'fd00:ec2::/32'],
  ['fe80::1', 'fe80::/10', 'fe00::/8'],
  ['224.0.0.1', '224.0.0.0/4', '0.0.0.0/0'],
  ['0.0.0.0', '0.0.0.0/8', '0.0.0.0/1'],
  ['64:ff9b:1::1', '64:ff9b:1::/48', '64:ff9b::/32'],
])('%s, which is special', (address, listing, wider) => {
  test('is denied without rules', () => expect(permits({}, `${address} 80`)).toBe(false))
  test(`is not listed by ${wider}`, () => {
    expect(permits({ allow: [wider] }, `${address} 80`)).toBe(false)
  })
  test(`is listed by ${listing}`, () => {
    expect(permits({ allow: [listing] }, `${address} 80`)).toBe(true)
  })
  test('is listed for the ports that are listed', () => {
    const allow = [wider, listing.includes(':') ? `[${listing}]:80` : `${listing}:80`]
    if (listing.includes('/') && listing.includes(':'))
      allow[1] = `[${listing.replace('/', ']/')}:80`
    expect(permits({ allow }, `${address} 80`)).toBe(true)
    expect(permits({ allow }, `${address} 81`)).toBe(false)
  })
  test('is listed by no name that resolves to it', () => {
    expect(permits({ allow: ['name.example'] }, `name.example ${address} 80`)).toBe(false)
  })
})

test.each([
  ['127.0.0.1', true],
  ['::1', true],
  ['169.254.169.254', false],
])('localhost lists loopback and nothing else: %s %s', (address, expected) => {
  expect(permits({ allow: ['localhost'] }, `localhost ${address} 80`)).toBe(expected)
})

describe('an address that stands for an IPv4 address', () => {
  const forms = ['64:ff9b::a00:1', '::a00:1', '2002:a00:1::', '::ffff:0:a00:1', 'fd00::5efe:a00:1']
  test.each(forms)('%s passes as itself', (form) => expect(permits({}, `${form} 80`)).toBe(true))
  test.each(forms)('%s is denied where the other one is', (form) => {
    expect(permits({ deny: ['10.0.0.0/8'] }, `${form} 80`)).toBe(false)
  })
  test.each(forms)('%s is not allowed by rules for the other one', (form) => {
    expect(permits({ allow: ['10.0.0.0/8'] }, `${form} 80`)).toBe(false)
  })
  test('of a special one passes where both are listed', () => {
    const nat64 = '64:ff9b::7f00:1 80'
    expect(permits({ allow: ['64:ff9b::/96'] }, nat64)).toBe(false)
    expect(permits({ allow: ['64:ff9b::/96', '127.0.0.0/8'] }, nat64)).toBe(true)
  })
})

test.each([
  ['10.0.0.0/8:22,5900-5999', '10.1.2.3 22', true],
  ['10.0.0.0/8:22,5900-5999', '10.1.2.3 5900', true],
  ['10.0.0.0/8:22,5900-5999', '10.1.2.3 5999', true],
  ['10.0.0.0/8:22,5900-5999', '10.1.2.3 6000', false],
  ['10.0.0.0/8:22,5900-5999', '11.1.2.3 22', false],
  ['0.0.0.0/0', '2001:db8::1 22', false],
  ['::/0', '192.0.2.1 22', false],
  ['db.internal:5432', 'db.internal 10.0.0.1 5432', true],
  ['db.internal:5432', 'db.internal 10.0.0.1 5433', false],
  ['db.internal:5432', 'a.db.internal 10.0.0.1 5432', false],
  ['db.internal:5432', '10.0.0.1 5432', false],
  ['*.internal', 'db.internal 10.0.0.1 5432', true],
  ['*.internal', 'internal 10.0.0.1 5432', false],
  ['*.internal', 'db.notinternal 10.0.0.1 5432', false],
  ['[2001:db8::]/32:22', '2001:db8:1::1 22', true],
  ['[2001:db8::]/32:22', '2001:db9::1 22', false],
])('allow %s: %s %s', (rule, target, expected) => {
  expect(permits({ allow: [rule] }, target)).toBe(expected)
})

test.each([
  ['10.9.0.0/16', '10.9.1.1 22', false],
  ['10.9.0.0/16', '10.8.1.1 22', true],
  ['10.9.0.0/16:22', '10.9.1.1 23', true],
  ['db.internal', 'db.internal 10.0.0.1 22', false],
])('deny %s beats allow: %s %s', (rule, target, expected) => {
  expect(permits({ allow: ['10.0.0.0/8', '*.internal'], deny: [rule] }, target)).toBe(expected)
})

test.each([
  ['unix:/run/vnc/*', '/run/vnc/a', true],
  ['unix:/run/vnc/*', '/run/vnc/a/b', false],
  ['unix:/run/vnc/*', '/run/vnc/', false],
  ['unix:/run/vnc/*', '/run/vnc', false],
  ['unix:/run/vnc/*', '/run/vnc/../docker.sock', false],
  ['unix:/run/vnc/*', '/run/vnc/..', false],
  ['unix:/run/vnc/*', '/run/vncx/a', false],
  ['unix:/run/a', '/run/a', true],
  ['unix:/run/a', '/run/./a', false],
  ['unix:/run/a', '/run//a', false],
  ['0.0.0.0/0', '/run/a', false],
])('allow %s: socket %s %s', (rule, path, expected) => {
  expect(policy({ allow: [rule] }).permitsUnix(path)).toBe(expected)
})

test('a socket has to be listed, and is denied by what denies it', () => {
  expect(policy({}).permitsUnix('/run/a')).toBe(false)
  expect(policy({ allow: ['unix:/run/*'], deny: ['unix:/run/a'] }).permitsUnix('/run/a')).toBe(
    false,
  )
})

test.each([
  [{}, true],
  [{ allow: ['10.0.0.0/8'] }, true],
  [{ allow: ['10.0.0.0/8:22,5900'] }, true],
  [{ allow: ['10.0.0.0/8:22'] }, false],
  [{ allow: ['desk.example'] }, true],
  [{ allow: ['*.example:5900'] }, true],
  [{ allow: ['desk.example:22'] }, false],
  [{ allow: ['other.example', 'unix:/run/vnc/*'] }, false],
  [{ deny: ['*.example:5900'] }, false],
  [{ deny: ['*.example:22', '10.0.0.0/8'] }, true],
])('%j: whether desk.example:5900 could be dialled is %j', (lists: Lists, could) => {
  expect(policy(lists).couldPermit('desk.example', 5900)).toBe(could)
})
