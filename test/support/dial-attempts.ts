import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'

/**
 * Every address that this process tries to connect to, as the socket tells it: what was not tried
 * does not stand here, however it came to be refused.
 */
export class DialAttempts {
  /** `address port`, in the order of trying. */
  readonly all: string[] = []
  readonly #note = (message: unknown): void => {
    const { socket } = message as { socket: Socket }
    socket.on('connectionAttempt', (address: string, port: number) => {
      this.all.push(`${address} ${port}`)
    })
  }

  constructor() {
    subscribe('net.client.socket', this.#note)
  }

  /** Those that do not lead to one of these ports: the test's own clients are in this process too. */
  except(...ports: readonly number[]): string[] {
    return this.all.filter((attempt) => !ports.includes(Number(attempt.split(' ')[1])))
  }

  stop(): void {
    unsubscribe('net.client.socket', this.#note)
  }
}
