import { spawn } from 'node:child_process'

/** Set for the process in the background, which must not start another one. */
export const backgroundVariable = 'DRAWBRIDGE_IN_BACKGROUND'

/**
 * Starts the same command again in the background, and waits until it listens. What it says before
 * that goes to our stderr, so that a mistake is told to whoever made it.
 * @returns the exit code
 */
export async function startInBackground(): Promise<number> {
  const { execPath, execArgv, argv, env } = process
  const child = spawn(execPath, [...execArgv, ...argv.slice(1)], {
    detached: true,
    env: { ...env, [backgroundVariable]: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  child.stderr!.on('data', (text: Buffer) => process.stderr.write(text))
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  child.once('error', reject)
  child.once('exit', (code) => resolve(code ?? 1))
  child.once('message', () => resolve(0))
  const code = await promise
  if (child.connected) child.disconnect()
  child.stderr!.destroy()
  child.unref()
  return code
}

/** Tells the process that waits in the foreground that this one listens. */
export function tellForeground(): void {
  process.send?.('listening')
}
