import { describe, expect, test } from 'vitest'
import type { Identity } from '../../../src/auth/identity.ts'
import { identityHeaderLines, withOwnLines } from '../../../src/http/identity-headers.ts'

function identity(changes: Partial<Identity> = {}): Identity {
  return {
    authenticator: 'staff',
    subject: 'ada',
    name: 'Ada Lovelace',
    claims: {},
    expiresAt: Infinity,
    credentialId: undefined,
    sessionId: undefined,
    fingerprint: 'f',
    headers: [],
    ...changes,
  }
}

test('tells what comes with the credential, then the subject, the name and claims', () => {
  const ada = identity({
    claims: { role: 'admin', realm: { groups: ['a', 'b'] }, level: 3 },
    headers: ['Authorization', 'Bearer x'],
  })
  const sources = {
    'x-user': 'subject',
    'x-name': 'name',
    'x-role': 'claims.role',
    'x-groups': 'claims.realm.groups',
    'x-level': 'claims.level',
    'x-none': 'claims.none',
  }
  expect(identityHeaderLines(ada, sources)).toEqual(
    'Authorization|Bearer x|x-user|ada|x-name|Ada Lovelace|x-role|admin|x-groups|a,b|x-level|3'.split(
      '|',
    ),
  )
})

test('says nothing twice: what the operator names is the operator’s', () => {
  const ada = identity({ headers: ['X_User', 'root', 'x-team', 'a', 'x-team', 'b'] })
  expect(identityHeaderLines(ada, { 'x-user': 'subject' })).toEqual(
    'x-team|a|x-team|b|x-user|ada'.split('|'),
  )
})

describe('a header is left out', () => {
  test.each([
    ['of a line end', 'ada\r\nx-role: admin'],
    ['of a null byte', 'ada\0'],
    ['of a control character beyond ASCII', 'ada\u0085x'],
    ['of a tab', 'a\tb'],
    ['of nothing', ''],
    ['of null', null],
    ['of an object', { a: 1 }],
    ['of a list in a list', [['a']]],
    ['of an empty list', []],
    ['of a list that would read as another', ['user', 'x,admin']],
    ['of a list with a line end in it', ['a', 'b\n']],
  ])('because %s', (_, role) => {
    expect(
      identityHeaderLines(identity({ claims: { role } }), { 'x-role': 'claims.role' }),
    ).toEqual([])
  })

  test('because a token has no subject', () => {
    const sources = { 'x-user': 'subject', 'x-name': 'name' }
    expect(identityHeaderLines(identity({ subject: '', name: undefined }), sources)).toEqual([])
  })

  test('because every object has such a property', () => {
    const sources = { 'x-a': 'claims.constructor', 'x-b': 'claims.__proto__.x' }
    expect(identityHeaderLines(identity(), sources)).toEqual([])
  })
})

test('text beyond ASCII is UTF-8 on the wire', () => {
  const [, value = ''] = identityHeaderLines(identity({ subject: 'Zoë' }), { 'x-user': 'subject' })
  expect(Buffer.from(value, 'latin1').toString()).toBe('Zoë')
})

test('ours come last and are the only ones of their names, however those are spelled', () => {
  const lines = [
    'X-User',
    'eve',
    'A',
    'b',
    'x_user',
    'eve',
    'AUTHORIZATION',
    'Basic x',
    'x-users',
    'c',
  ]
  const own = ['x-user', 'ada', 'Authorization', 'Bearer y']
  expect(withOwnLines(lines, own)).toEqual(['A', 'b', 'x-users', 'c', ...own])
})
