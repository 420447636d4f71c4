import { isUtf8 } from 'node:buffer'
import type { Alias, Document, Node, Pair, Scalar, YAMLError, YAMLMap, YAMLSeq } from 'yaml'
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit } from 'yaml'
import type { Sources } from './interpolate.ts'
import {
  interpolate,
  InterpolationError,
  isOneReference,
  readPlain,
  referencedFiles,
  referenceNames,
} from './interpolate.ts'
import type { KeyPath } from './problem.ts'
import { ConfigError } from './problem.ts'
import { shownText, Source } from './source.ts'
import { tellSyntax } from './yaml-syntax.ts'

/** Values in a file, those that aliases repeat counted each time: a few lines of aliases can stand for billions. */
const mostValues = 100_000

/** A YAML file of one document, parsed but not yet evaluated. JSON is YAML. */
export interface YamlFile {
  /** As it was given: for messages. */
  readonly name: string
  readonly text: string
  readonly document: Document.Parsed
  readonly lines: LineCounter
}

/**
 * @throws {ConfigError} what is not YAML, each mistake of it; nothing else can be told then
 */
export function parseYaml(name: string, bytes: Uint8Array): YamlFile {
  const text = decode(name, bytes)
  const lines = new LineCounter()
  const documents = readDocuments(name, text, lines)
  const [document, second] = documents
  if (document === undefined || document.contents === null) {
    throw new ConfigError([
      `${name}:1:1: configuration: found nothing, expected a mapping with listeners and routes`,
    ])
  }
  const problems = documents
    .flatMap(({ errors, warnings }) => [...errors, ...warnings])
    .map((error) => tell(error))
  if (second !== undefined) {
    const at = second.range[0]
    problems.push({ at, text: 'found a second document, expected one document' })
  }
  if (problems.length > 0) {
    problems.sort((a, b) => a.at - b.at)
    const told = problems.map(({ at, text }) => {
      const { line, col } = lines.linePos(at)
      return `${name}:${line}:${col}: syntax: ${text}`
    })
    throw new ConfigError([...new Set(told)])
  }
  return { name, text, document, lines }

  function tell(error: YAMLError): { at: number; text: string } {
    return { at: error.pos[0], text: tellSyntax(error.code, text.slice(...error.pos)) }
  }
}

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
  const { lines } = file
  const source = new Source(file.name, (offset) => lines.linePos(Math.max(0, offset)))
  const evaluation = new Evaluation(file, sources, source)
  source.value = evaluation.node(file.document.contents, [], undefined)
  return source
}

class Evaluation {
  readonly #file: YamlFile
  readonly #sources: Sources
  readonly #source: Source
  /** The collections that are being read: one that is met again contains itself. */
  readonly #open = new Set<Node>()
  /** What each alias stands for; read in the order of the file, since an anchor may be set anew. */
  readonly #anchors = new Map<string, Node>()
  #aliases = 0
  #values = 0

  constructor(file: YamlFile, sources: Sources, source: Source) {
    this.#file = file
    this.#sources = sources
    this.#source = source
  }

  node(node: Node | null, path: KeyPath, keyAt: number | undefined): unknown {
    if (isAlias(node)) return this.#alias(node, path, keyAt)
    if (this.#aliases === 0 && hasAnchor(node)) this.#anchors.set(node.anchor, node)
    const valueAt = node?.range?.[0]
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
      this.#source.add(path, { keyAt, valueAt, shown: 'a mapping' })
      return this.#within(node, () => this.#map(node, path))
    }
    if (isSeq(node)) {
      this.#source.add(path, { keyAt, valueAt, shown: 'a list' })
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
      this.#source.breakAt({
        path,
        found,
        expected: 'an anchor before it',
        offset: alias.range?.[0] ?? 0,
      })
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
    for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
      const keyAt = key.range?.[0] ?? 0
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
    return (list.items as (Node | null)[]).map((item, at) =>
      this.node(item, [...path, at], undefined),
    )
  }

  #scalar(scalar: Scalar, path: KeyPath, keyAt: number | undefined): unknown {
    const { value, range } = scalar
    const valueAt = range?.[0]
    if (typeof value !== 'string' || !value.includes('${')) {
      const shown = shownText(range ? this.#file.text.slice(range[0], range[1]) : '')
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

function hasAnchor(node: Node | null): node is Node & { anchor: string } {
  return node !== null && 'anchor' in node && typeof node.anchor === 'string'
}

function readDocuments(name: string, text: string, lineCounter: LineCounter): Document.Parsed[] {
  try {
    const options = {
      lineCounter,
      prettyErrors: false,
      uniqueKeys: false,
      merge: false,
      strict: true,
    }
    const documents = parseAllDocuments(text, options)
    return 'empty' in documents ? [] : documents
  } catch (cause) {
    // The parser recurses; it has no other failure than running out of stack.
    const found = 'found collections nested too deeply, expected fewer levels'
    throw new ConfigError([`${name}:1:1: syntax: ${found}`], { cause })
  }
}

function decode(name: string, bytes: Uint8Array): string {
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes)
  let line = 1
  let start = 0
  for (;;) {
    const end = bytes.indexOf(0x0a, start)
    const piece = bytes.subarray(start, end === -1 ? bytes.length : end)
    if (!isUtf8(piece) || end === -1) {
      const col = new TextDecoder().decode(piece).indexOf('\uFFFD') + 1
      throw new ConfigError([
        `${name}:${line}:${col}: syntax: found bytes that are not UTF-8, expected UTF-8`,
      ])
    }
    line += 1
    start = end + 1
  }
}
