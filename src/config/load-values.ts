import type { Alias, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isMap, isNode, isScalar, isSeq, visit } from 'yaml'
import type { Sources } from './interpolate.ts'
import {
  interpolate,
  InterpolationError,
  isOneReference,
  readPlain,
  referencedFiles,
  referenceNames,
} from './interpolate.ts'
import type { YamlFile } from './load-yaml.ts'
import type { KeyPath } from './problem.ts'
import type { Source } from './source.ts'
import { shownText } from './source.ts'

/**
 * Values in a file, those that aliases repeat counted each time: a few lines of aliases can stand
 * for billions.
 */
const mostValues = 100_000

/** The files that the file names by `${file:…}`. */
export function filesInYaml(file: YamlFile): string[] {
  const paths: string[] = []
  visit(file.document, {
    Scalar: (_, { value }) => {
      if (typeof value === 'string') paths.push(...referencedFiles(value))
    },
  })
  return paths
}

/** Turns the nodes into plain values, references replaced, and notes where everything stands. */
export function evaluateYaml(file: YamlFile, sources: Sources): Source {
  const { source, document } = file
  source.value = new Evaluation(file.text, sources, source).node(document.contents, [], undefined)
  return source
}

class Evaluation {
  readonly #text: string
  readonly #sources: Sources
  readonly #source: Source
  /** The collections that are being read: one that is met again contains itself. */
  readonly #open = new Set<Node>()
  /** What each alias stands for; read in the order of the file, since an anchor may be set anew. */
  readonly #anchors = new Map<string, Node>()
  #aliases = 0
  #values = 0

  constructor(text: string, sources: Sources, source: Source) {
    this.#text = text
    this.#sources = sources
    this.#source = source
  }

  node(node: unknown, path: KeyPath, keyAt: number | undefined): unknown {
    if (isAlias(node)) return this.#alias(node, path, keyAt)
    if (this.#aliases === 0 && hasAnchor(node)) this.#anchors.set(node.anchor, node)
    const valueAt = isNode(node) ? node.range?.[0] : undefined
    if (++this.#values > mostValues) {
      // Told once, where it becomes too much.
      if (this.#values === mostValues + 1) {
        this.#source.breakAt({
          path,
          found: `more than ${mostValues} values`,
          expected: 'fewer',
          offset: valueAt ?? 0,
        })
      }
      return undefined
    }
    if (isMap(node)) {
      this.#source.add(path, {
        keyAt,
        valueAt,
        shown: node.items.length > 0 ? 'a mapping' : 'an empty mapping',
      })
      return this.#within(node, () => this.#map(node, path))
    }
    if (isSeq(node)) {
      this.#source.add(path, {
        keyAt,
        valueAt,
        shown: node.items.length > 0 ? 'a list' : 'an empty list',
      })
      return this.#within(node, () => this.#list(node, path))
    }
    if (isScalar(node)) return this.#scalar(node, path, keyAt)
    return undefined
  }

  #alias(alias: Alias, path: KeyPath, keyAt: number | undefined): unknown {
    const node = this.#anchors.get(alias.source)
    if (node === undefined || this.#open.has(node)) {
      const found =
        node === undefined ? 'an alias without its anchor' : 'an alias inside its own anchor'
      const expected = 'an anchor before it, or quotes around a text that begins with *'
      this.#source.breakAt({ path, found, expected, offset: alias.range?.[0] ?? 0 })
      return undefined
    }
    this.#aliases += 1
    const value = this.node(node, path, keyAt)
    this.#aliases -= 1
    return value
  }

  #within<T>(node: Node, read: () => T): T {
    this.#open.add(node)
    try {
      return read()
    } finally {
      this.#open.delete(node)
    }
  }

  #map(map: YAMLMap, path: KeyPath): unknown {
    const entries = new Map<string, unknown>()
    for (const { key, value } of map.items) {
      const keyAt = isNode(key) ? (key.range?.[0] ?? 0) : 0
      const name = isScalar(key) ? (key.source ?? String(key.value)) : undefined
      const inner = [...path, name ?? '?']
      if (name === undefined) {
        this.#source.breakAt({
          path: inner,
          found: 'a collection as a key',
          expected: 'a text',
          offset: keyAt,
        })
      } else if (name === '<<') {
        const found = 'a merge key, which YAML 1.2 does not have'
        this.#source.breakAt({
          path: inner,
          found,
          expected: 'the keys themselves, or an alias',
          offset: keyAt,
        })
      } else if (name === '__proto__') {
        this.#source.breakAt({
          path: inner,
          found: 'this name',
          expected: 'another one',
          offset: keyAt,
        })
      } else if (entries.has(name)) {
        this.#source.problems.push({
          path: inner,
          found: 'the key a second time',
          expected: 'it once',
          offset: keyAt,
        })
      } else {
        entries.set(name, this.node(value, inner, keyAt))
        if (!this.#source.has(inner))
          this.#source.add(inner, { keyAt, valueAt: keyAt, shown: 'nothing' })
      }
    }
    return Object.fromEntries(entries)
  }

  #list(list: YAMLSeq, path: KeyPath): unknown[] {
    return list.items.map((item, at) => this.node(item, [...path, at], undefined))
  }

  #scalar(scalar: Scalar, path: KeyPath, keyAt: number | undefined): unknown {
    const { value, range } = scalar
    const valueAt = range?.[0]
    if (typeof value !== 'string' || !value.includes('${')) {
      const shown = shownText(range ? this.#text.slice(range[0], range[1]) : '')
      this.#source.add(path, { keyAt, valueAt, shown: shown || 'nothing', verbatim: shown !== '' })
      return value
    }
    this.#source.add(path, { keyAt, valueAt, shown: `a value from ${referenceNames(value)}` })
    try {
      const replaced = interpolate(value, this.#sources)
      return scalar.type === 'PLAIN' && isOneReference(value) ? readPlain(replaced) : replaced
    } catch (error) {
      if (!(error instanceof InterpolationError)) throw error
      this.#source.breakAt({ path, found: error.found, expected: error.expected })
      return undefined
    }
  }
}

function hasAnchor(node: unknown): node is Node & { anchor: string } {
  return isNode(node) && 'anchor' in node && typeof node.anchor === 'string'
}
