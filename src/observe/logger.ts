import type { Writable } from 'node:stream'
import pino from 'pino'
import { prettyFactory } from 'pino-pretty'
import { printableFields, type LogFields } from './log-value.ts'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
export type LogFormat = 'auto' | 'pretty' | 'json'

/**
 * Where everything is told. Messages are constant lower-case phrases; what varies goes into fields.
 */
export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  fatal(fields: LogFields, message: string): void
  /** A logger whose lines all carry `bindings`. */
  child(bindings: LogFields): Logger
}

export interface LoggerOptions {
  readonly level: LogLevel
  /** `auto`: pretty where `output` is a terminal, JSON elsewhere. */
  readonly format: LogFormat
  /**
   * Where lines go: the process's stdout. Its errors must have a listener already (a reader that
   * has gone away is no reason to end sessions), and whoever ends the process flushes it first.
   */
  readonly output: Writable & { readonly isTTY?: boolean }
}

/**
 * Bytes that may wait for a reader of the log that takes none. Beyond them lines are dropped: the
 * log's reader must not decide whether traffic flows, nor how much memory we need.
 */
const maxWaitingBytes = 4 * 1024 * 1024

/**
 * JSON escapes C0; these are what a terminal or a line splitter may act on besides: DEL, C1, line
 * and direction marks.
 */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const unprintable = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g

/** The one door to pino. */
export function createLogger(options: LoggerOptions): Logger {
  const { output } = options
  const pretty = options.format === 'pretty' || (options.format === 'auto' && output.isTTY === true)
  const render = pretty ? prettyRenderer(output.isTTY === true) : (line: string) => line
  const destination = {
    write(line: string): void {
      if (!output.writable || output.writableLength > maxWaitingBytes) return
      output.write(escapeUnprintable(render(line)))
    },
  }
  return wrap(
    pino(
      {
        level: options.level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        // Errors arrive here as plain values already; pino's own serializer would look into them
        // again.
        serializers: { err: (value: unknown) => value },
      },
      destination,
    ),
  )
}

function wrap(logger: pino.Logger): Logger {
  return {
    debug: (fields, message) => {
      if (logger.isLevelEnabled('debug')) logger.debug(printableFields(fields), message)
    },
    info: (fields, message) => {
      if (logger.isLevelEnabled('info')) logger.info(printableFields(fields), message)
    },
    warn: (fields, message) => logger.warn(printableFields(fields), message),
    error: (fields, message) => logger.error(printableFields(fields), message),
    fatal: (fields, message) => logger.fatal(printableFields(fields), message),
    child: (bindings) => wrap(logger.child(printableFields(bindings))),
  }
}

function prettyRenderer(colorize: boolean): (line: string) => string {
  const render = prettyFactory({
    colorize,
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss.l',
    // Errors are printed like every other field: as JSON, so that no text of theirs reaches the
    // terminal raw.
    errorLikeObjectKeys: [],
  })
  // pino-pretty hands back undefined for a line that is no log line; there are none here.
  return (line) => render(line) ?? line
}

function escapeUnprintable(text: string): string {
  return text.replace(
    unprintable,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
