import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'

const module = new URL('../../../src/runtime/output.ts', import.meta.url).href

/** A process that does `code` with what the module exports. */
function run(code: string) {
  const script = `import { exitFlushed, surviveLostReaders } from ${JSON.stringify(module)}\n${code}`
  return spawn(process.execPath, ['--input-type=module', '-e', script])
}

test('everything that was written comes out before the process ends', async () => {
  const child = run(`process.stdout.write('x'.repeat(4 << 20)); exitFlushed(3)`)
  const ended = once(child, 'exit')
  expect((await text(child.stdout)).length).toBe(4 << 20)
  expect(await ended).toEqual([3, null])
})

test('a reader that takes nothing delays the end, and does not prevent it', async () => {
  const child = run(`process.stdout.write('x'.repeat(4 << 20)); exitFlushed(3)`)
  child.stdout.pause()
  expect(await once(child, 'exit')).toEqual([3, null])
})

test('a reader that has gone is survived', async () => {
  const child = run(`
    surviveLostReaders()
    process.stdin.once('data', () => {
      process.stdout.write('into nothing')
      process.stdout.write('again', () => exitFlushed(4))
    })
    process.stdout.write('ready')
  `)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  await once(child.stdout, 'close')
  child.stdin.write('go')
  expect(await once(child, 'exit')).toEqual([4, null])
})
