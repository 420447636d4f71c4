import { expect, test } from 'vitest'
import { at, listAt, namesAt, textAt, textsAt } from '../../../src/config/tree.ts'

const tree = { a: { b: ['x', 5] }, t: 'text' }

test('what is not there, or of another kind, is nothing', () => {
  expect(at(tree, 'a', 'b', 1)).toBe(5)
  expect([
    at(tree, 'a', 'c'),
    at(tree, 't', 'length'),
    at(undefined, 'a'),
    at(tree, 'constructor'),
  ]).toEqual([undefined, undefined, undefined, undefined])
  expect([textAt(tree, 't'), textAt(tree, 'a')]).toEqual(['text', undefined])
  expect([listAt(tree, 'a', 'b'), listAt(tree, 'a')]).toEqual([['x', 5], []])
  expect([namesAt(tree), namesAt(tree, 'a', 'b'), namesAt(tree, 't')]).toEqual([['a', 't'], [], []])
})

test('a value or a list is its texts, each with its path', () => {
  expect(textsAt(tree, 't')).toEqual([{ text: 'text', path: ['t'] }])
  expect(textsAt(tree, 'a', 'b')).toEqual([{ text: 'x', path: ['a', 'b', 0] }])
})
