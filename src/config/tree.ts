import type { KeyPath } from './problem.ts'

/**
 * Looks into values that nobody has checked: what is not there, or of another kind, is undefined.
 */
export function at(value: unknown, ...path: KeyPath): unknown {
  let inner = value
  for (const key of path) {
    if (!(inner instanceof Object) || !Object.hasOwn(inner, key)) return undefined
    inner = Reflect.get(inner, key)
  }
  return inner
}

export function textAt(value: unknown, ...path: KeyPath): string | undefined {
  const inner = at(value, ...path)
  return typeof inner === 'string' ? inner : undefined
}

export function listAt(value: unknown, ...path: KeyPath): unknown[] {
  const inner = at(value, ...path)
  return Array.isArray(inner) ? inner : []
}

/** The names of a mapping, in its order. */
export function namesAt(value: unknown, ...path: KeyPath): string[] {
  const inner = at(value, ...path)
  return inner instanceof Object && !Array.isArray(inner) ? Object.keys(inner) : []
}

/** The texts of a value or list, each with its path. */
export function textsAt(value: unknown, ...path: KeyPath): { text: string; path: KeyPath }[] {
  const inner = at(value, ...path)
  if (typeof inner === 'string') return [{ text: inner, path }]
  return listAt(value, ...path).flatMap((text, index) =>
    typeof text === 'string' ? [{ text, path: [...path, index] }] : [],
  )
}
