import { isUtf8 } from 'node:buffer'
import type { Document, YAMLError } from 'yaml'
import { LineCounter, parseAllDocuments } from 'yaml'
import type { Problem } from './problem.ts'
import { ConfigError } from './problem.ts'
import { Source } from './source.ts'
import { isRecoverable, tellSyntax } from './yaml-syntax.ts'

/** A YAML file of one document, parsed but not yet evaluated. JSON is YAML. */
export interface YamlFile {
  readonly text: string
  readonly document: Document.Parsed
  /**
   * Still without its values; what is wrong with the YAML, but leaves its structure clear, is noted
   * in it.
   */
  readonly source: Source
}

/**
 * @param name the file's, as it is to appear in messages
 * @throws {ConfigError} what is no YAML, where nothing else can be told any more
 */
export function parseYaml(name: string, bytes: Uint8Array): YamlFile {
  const text = decode(name, bytes)
  const lines = new LineCounter()
  const source = new Source(name, (offset) => lines.linePos(offset))
  const [document, second] = readDocuments(name, text, lines)
  if (document === undefined || document.contents === null) {
    const found = 'found nothing, expected a mapping with listeners and routes'
    throw new ConfigError([`${name}:1:1: configuration: ${found}`])
  }
  const errors = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
  const fatal = errors.findIndex(({ code }) => !isRecoverable(code))
  // What follows a broken structure follows from it.
  const told = fatal === -1 ? errors : errors.slice(0, fatal + 1)
  source.problems.push(...told.map((error) => problemOf(error, text)))
  if (fatal !== -1) throw new ConfigError(source.format(source.problems))
  if (second !== undefined) {
    const [offset] = second.range
    source.problems.push({
      path: ['syntax'],
      offset,
      found: 'a second document',
      expected: 'one document',
    })
  }
  return { text, document, source }
}

function problemOf({ code, message, pos }: YAMLError, text: string): Problem {
  const [offset] = pos
  const line = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset + 1)
  return { path: ['syntax'], offset, ...tellSyntax(code, message, line) }
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
