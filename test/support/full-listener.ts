import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'

/** Listens, and then never runs again: what is accepted is only queued. */
const program = `
  const server = require('node:net').createServer()
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/** A listener whose queue is full: its system answers no more attempts to connect. */
export async function fullListener(): Promise<{ port: number; close: () => void }> {
  const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [text] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(text)
  // One more than the backlog fills it.
  const queued = [0, 1].map(() => connect(port, '127.0.0.1').on('error', () => undefined))
  for (const socket of queued) if (socket.connecting) await once(socket, 'connect')
  return {
    port,
    close: () => {
      for (const socket of queued) socket.destroy()
      child.kill('SIGKILL')
    },
  }
}
