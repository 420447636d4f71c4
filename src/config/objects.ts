/** An object whose undefined members are left out. */
export type Defined<T> = {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
} & { [K in keyof T as undefined extends T[K] ? never : K]: T[K] }

export function defined<T extends object>(object: T): Defined<T> {
  const members = Object.entries(object).filter(([, value]) => value !== undefined)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries cannot tell
  return Object.fromEntries(members) as Defined<T>
}

/** Freezes a tree of plain objects and lists. */
export function deepFreeze<T>(value: T): T {
  if (value instanceof Object && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
