import { Writable } from 'node:stream'

/** A stream that keeps the log lines that are written to it. */
export class LineOutput extends Writable {
  readonly lines: Record<string, unknown>[] = []

  constructor() {
    super({ decodeStrings: false })
  }

  override _write(chunk: string, _encoding: string, done: () => void): void {
    for (const line of chunk.trimEnd().split('\n')) {
      const fields: Record<string, unknown> = JSON.parse(line)
      this.lines.push(fields)
    }
    done()
  }
}
