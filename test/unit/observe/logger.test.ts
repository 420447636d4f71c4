import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from '../../../src/observe/logger.ts'

/** A stream that keeps what was written, or takes nothing at all. */
class Output extends Writable {
  text = ''
  readonly isTTY: boolean
  readonly #stuck: boolean

  constructor(options: { isTTY?: boolean; stuck?: boolean } = {}) {
    super({ decodeStrings: false })
    this.isTTY = options.isTTY ?? false
    this.#stuck = options.stuck ?? false
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    this.text += chunk
    if (!this.#stuck) done()
  }

  get lines(): Record<string, unknown>[] {
    return this.text
      .trimEnd()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line))
  }
}

function logTo(output: Output, options: Partial<LoggerOptions> = {}) {
  return createLogger({ level: 'info', format: 'auto', output, ...options })
}

test('writes one JSON object a line: level as a word, time in ISO 8601, no process', () => {
  const output = new Output()
  logTo(output).info({ listener: 'edge', port: 8443 }, 'listening')
  const [line] = output.lines
  expect(Object.keys(line!)).toEqual(['level', 'time', 'listener', 'port', 'msg'])
  expect(line).toMatchObject({ level: 'info', listener: 'edge', port: 8443, msg: 'listening' })
  expect(line!['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
})

test('the level decides what is written', () => {
  const output = new Output()
  const logger = logTo(output, { level: 'warn' })
  logger.debug({}, 'one')
  logger.info({}, 'two')
  logger.warn({}, 'three')
  logger.error({}, 'four')
  logger.fatal({}, 'five')
  expect(output.lines.map((line) => [line['level'], line['msg']])).toEqual([
    ['warn', 'three'],
    ['error', 'four'],
    ['fatal', 'five'],
  ])
})

test('silent writes nothing', () => {
  const output = new Output()
  logTo(output, { level: 'silent' }).fatal({}, 'gone')
  expect(output.text).toBe('')
})

test('a child carries its bindings, and they are made printable too', () => {
  const output = new Output()
  const child = logTo(output).child({ id: 'c1', path: 'x'.repeat(2000) })
  child.info({ code: 1000 }, 'session closed')
  expect(output.lines[0]).toMatchObject({ id: 'c1', path: `${'x'.repeat(1024)}…`, code: 1000 })
})

test.each(['json', 'pretty'] as const)(
  'no control or direction character gets into %s',
  (format) => {
    const output = new Output({ isTTY: false })
    const hostile = 'a\u0000\u001b[2J\r\n\u007f\u009b31m\u2028\u2029\u202e\u2066b'
    const logger = logTo(output, { format })
    logger.info({ path: hostile, deep: { [hostile]: hostile }, err: new Error(hostile) }, 'refused')
    expect(output.text.trimEnd()).not.toMatch(
      // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
      /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/,
    )
    if (format === 'json') expect(output.lines[0]!['path']).toBe(hostile)
  },
)

test('auto is pretty on a terminal and JSON elsewhere', () => {
  const terminal = new Output({ isTTY: true })
  logTo(terminal).info({ port: 1 }, 'listening')
  expect(terminal.text).not.toMatch(/^\{/)
  expect(terminal.text).toContain('listening')
  const forced = new Output({ isTTY: true })
  logTo(forced, { format: 'json' }).info({ port: 1 }, 'listening')
  expect(forced.text).toMatch(/^\{/)
})

test('a reader that takes nothing costs bounded memory', () => {
  const output = new Output({ stuck: true })
  const logger = logTo(output)
  for (let line = 0; line < 20_000; line++) logger.info({ path: 'x'.repeat(1000) }, 'request')
  expect(output.writableLength).toBeLessThan(5 * 1024 * 1024)
})

test('a reader that has gone away costs nothing', () => {
  const output = new Output()
  const logger = logTo(output)
  output.destroy()
  expect(() => logger.info({}, 'listening')).not.toThrow()
})
