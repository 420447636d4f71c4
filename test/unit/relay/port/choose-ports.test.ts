import { Duplex } from 'node:stream'
import { describe, expect, test, vi } from 'vitest'
import { choosePorts, fastPorts, plainPorts } from '../../../../src/relay/port/choose-ports.ts'
import type { DataPath, Ports } from '../../../../src/relay/port/choose-ports.ts'
import { PlainPort } from '../../../../src/relay/port/plain-port.ts'
import type { Port } from '../../../../src/relay/port/port.ts'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const writesDirectly = major === 26 && minor >= 10

describe('the ports that are chosen', () => {
  test('are the fastest that this Node is known to carry, each time', async () => {
    // Who is done first, the port or its client, differs from one time to the next.
    for (let times = 0; times < 40; times++) {
      expect((await choosePorts()).path).toBe(writesDirectly ? 'direct' : 'adopted')
    }
  })

  test.each(['plain', 'adopted'] as const)(
    'are no faster than %s where that is asked',
    async (path) => {
      expect((await choosePorts(path)).path).toBe(path)
    },
  )

  test.each<[string, (port: Port) => void]>([
    ['loses what it reads', (port) => (port.write = () => true)],
    [
      'throws',
      (port) =>
        (port.read = () => {
          throw new Error('a bug')
        }),
    ],
    ['never reads', (port) => (port.read = () => undefined)],
    [
      'does not close',
      (port) => {
        port.end = () => undefined
        port.destroy = () => undefined
      },
    ],
    [
      'brings other bytes',
      (port) => {
        const write = port.write.bind(port)
        port.write = (bytes, from, to) => write(bytes.fill(0x61, from, to), from, to)
      },
    ],
  ])('are others where a connection shows that it %s', async (_, spoil) => {
    vi.useFakeTimers({ toFake: ['setTimeout'] })
    const tried: DataPath[] = []
    const build = (path: 'adopted' | 'direct'): Ports => {
      tried.push(path)
      const make: Ports['make'] = (socket, bufferBytes) => {
        const port = new PlainPort(socket, bufferBytes)
        spoil(port)
        // The probe waits for no more than its time, which is over now.
        setImmediate(() => setImmediate(() => vi.isFakeTimers() && vi.runAllTimers()))
        return port
      }
      return { ...plainPorts, path, make }
    }
    try {
      expect((await choosePorts('direct', build)).path).toBe('plain')
    } finally {
      vi.useRealTimers()
    }
    expect(tried).toEqual(['direct', 'adopted'])
  })
})

test('what is no socket of Node gets a plain port', () => {
  const stream = new Duplex({ read: () => undefined })
  const ports = fastPorts('adopted')!
  expect(ports.make(stream as never, 1000)).toBeInstanceOf(PlainPort)
  expect(plainPorts.make(stream as never, 1000)).toBeInstanceOf(PlainPort)
  stream.destroy()
})
