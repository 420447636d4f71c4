import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { mintPair } from './certs.ts'

/** A folder for one test file: there when it is first used, gone with `remove`. */
export class Scratch {
  #path: string | undefined

  get path(): string {
    this.#path ??= mkdtempSync(join(tmpdir(), 'drawbridge-'))
    return this.#path
  }

  /** Writes a file. @returns its path */
  write(name: string, content: string | Buffer): string {
    const path = join(this.path, name)
    writeFileSync(path, content)
    return path
  }

  /** A certificate for these names, as paths of files; `ca` is the text of its authority. */
  async certificate(hosts: readonly string[]): Promise<{ ca: string; cert: string; key: string }> {
    const [name = ''] = hosts
    const { ca, cert, key } = await mintPair(hosts)
    return {
      ca,
      cert: this.write(`${name}.crt`, cert),
      key: this.write(`${name}.key`, key),
    }
  }

  remove(): void {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true })
  }
}

/**
 * Where nobody listens: TCPMUX, which is below the ports that are given out, so that no other test
 * can come to have it.
 */
export const deadPort = 1

/** A port that was free just now, for programs that cannot choose one themselves. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/**
 * Waits until something takes connections on this port, for programs that do not say when they are
 * ready.
 */
export async function accepting(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    try {
      await once(socket, 'connect')
      return
    } catch {
      // Refused: it has not got there yet. The turn of the event loop lets it.
      await setImmediate()
    } finally {
      socket.destroy()
    }
  }
}
