import { expect } from 'vitest'
import { Program, runProgram } from './program.ts'
import { freePort } from './scratch.ts'

export const size = { width: 640, height: 480 }

/** A VNC server with an empty desktop, whose root can be coloured. */
export class Desktop {
  readonly port: number
  readonly display: string
  readonly #server: Program

  private constructor(server: Program, port: number, display: string) {
    this.#server = server
    this.port = port
    this.display = display
  }

  static async start(): Promise<Desktop> {
    const port = await freePort()
    const server = new Program('Xtigervnc', [
      // Any display that is free: it says which on this descriptor, which is its standard output.
      ['-displayfd', '1'],
      ['-rfbport', String(port), '-localhost', '-SecurityTypes', 'None'],
      ['-geometry', `${size.width}x${size.height}`, '-depth', '24', '-desktop', 'the desktop'],
      // A session that hangs is over after this many seconds.
      ['-MaxConnectionTime', '60', '-nolisten', 'tcp'],
    ])
    await server.says(/Listening for VNC connections/)
    const [, display] = await server.says(/^(\d+)$/m)
    return new Desktop(server, port, `:${display}`)
  }

  async paint(colour: string): Promise<void> {
    const { code, stderr } = await runProgram('xsetroot', [
      ['-display', this.display],
      ['-solid', colour],
    ])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  }

  /** Waits until the keyboard's light is on: what is typed has reached the desktop. */
  async locksCapitals(): Promise<void> {
    let lights = ''
    while (!/Caps Lock: +on/.test(lights)) {
      lights = (await runProgram('xset', ['-display', this.display, 'q'])).stdout
    }
  }

  async stop(): Promise<void> {
    await this.#server.stop()
  }
}
