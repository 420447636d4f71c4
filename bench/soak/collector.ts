/**
 * Loaded into a gateway before it starts (`--expose-gc --import`), and never part of it: collects
 * garbage when the parent process asks for it, and every so often where the URL says so
 * (`?every=50`, in milliseconds).
 */
const collect: unknown = Reflect.get(globalThis, 'gc')
if (typeof collect !== 'function') throw new Error('collector.ts needs --expose-gc')

const everyMs = Number(new URL(import.meta.url).searchParams.get('every') ?? 0)
let turns = 0
if (everyMs > 0) {
  setInterval(() => {
    // Mostly the young: what one call frees too early must not be hidden by the other.
    collect({ type: turns++ % 8 === 0 ? 'major' : 'minor' })
  }, everyMs).unref()
}

process.on('message', () => {
  collect()
  process.send?.(process.memoryUsage())
})
process.channel?.unref()
