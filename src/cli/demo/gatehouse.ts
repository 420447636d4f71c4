import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { listenOn } from '../../listener/bind.ts'

/**
 * A service as they were before browsers: lines over TCP, and no idea of HTTP, TLS or WebSockets.
 */
export interface Gatehouse {
  readonly url: string
  close(): void
}

interface Room {
  readonly name: string
  readonly view: string
  readonly exits: Readonly<Record<string, string>>
}

const rooms: Readonly<Record<string, Room>> = {
  bank: {
    name: 'The far bank',
    view: 'Mist over the moat. The bridge is a black bar against the gatehouse to the north. A rope hangs from a bell.',
    exits: { north: 'bridge' },
  },
  bridge: {
    name: 'On the bridge',
    view: 'Oak planks, iron chains, dark water. The gate stands open to the north.',
    exits: { north: 'yard', south: 'bank' },
  },
  yard: {
    name: 'The yard',
    view: 'A keeper sits by the windlass with a ledger and writes down everyone who comes and goes. The bridge is to the south.',
    exits: { south: 'bridge' },
  },
}

const help = 'look · north, south · ring (the bell) · ask (the keeper) · calc 6 * 7 · time · quit'

/** One visitor: where he stands, and whether the bridge is down for him. */
class Visit {
  #place = 'bank'
  #lowered = false

  get greeting(): string {
    return `THE GATEHOUSE, a line-based TCP service. Commands: ${help}\n\n${this.#look()}`
  }

  /** @returns what to say, or undefined when the visitor leaves */
  answer(line: string): string | undefined {
    const [word = '', ...rest] = line.trim().toLowerCase().split(/\s+/)
    switch (word) {
      case '':
        return ''
      case 'quit':
      case 'exit':
        return undefined
      case 'help':
        return help
      case 'look':
        return this.#look()
      case 'time':
        return `The sundial says ${new Date().toISOString()}.`
      case 'calc':
        return calculate(rest.join(''))
      case 'ring':
        return this.#ring()
      case 'ask':
        return this.#ask()
      case 'go':
        return this.#go(rest[0] ?? '')
      default:
        return this.#go(word)
    }
  }

  #look(): string {
    const room = rooms[this.#place]!
    return `${room.name}. ${room.view}`
  }

  #ring(): string {
    if (this.#place !== 'bank') return 'The bell is back on the far bank.'
    if (this.#lowered) return 'It rings. The bridge is down already.'
    this.#lowered = true
    return 'It rings across the water. Chains rattle, and the bridge comes down at your feet.'
  }

  #ask(): string {
    if (this.#place !== 'yard') return 'Nobody is near enough to hear you.'
    return '"Everyone comes over one bridge," says the keeper, "and I know who left, when, and why."'
  }

  #go(direction: string): string {
    const named = { n: 'north', s: 'south' }[direction] ?? direction
    const exits = rooms[this.#place]!.exits
    if (!Object.hasOwn(exits, named)) {
      return named === 'north' || named === 'south'
        ? 'There is no way there.'
        : `"${named.slice(0, 40)}" means nothing here. Try: ${help}`
    }
    if (this.#place === 'bank' && !this.#lowered)
      return 'The bridge is up. Perhaps someone hears a bell.'
    this.#place = exits[named]!
    return this.#look()
  }
}

export async function startGatehouse(): Promise<Gatehouse> {
  const visitors = new Set<Socket>()
  const server = createServer((socket) => {
    visitors.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => visitors.delete(socket))
    const visit = new Visit()
    socket.write(`${visit.greeting}\n> `)
    const lines = createInterface({ input: socket })
    // It tells the socket's errors again.
    lines.on('error', () => undefined)
    lines.on('line', (line) => {
      const answer = visit.answer(line)
      if (answer === undefined) socket.end('The mist takes you back.\n')
      else if (socket.writable) socket.write(`${answer === '' ? '' : `${answer}\n`}> `)
    })
  })
  const { port } = await listenOn(server, { kind: 'tcp', host: '127.0.0.1', port: 0 }, 'gatehouse')
  return {
    url: `tcp://127.0.0.1:${port}`,
    close() {
      server.close()
      for (const visitor of visitors) visitor.destroy()
    },
  }
}

const operations = new Map<string | undefined, (a: number, b: number) => number>([
  ['+', (a, b) => a + b],
  ['-', (a, b) => a - b],
  ['*', (a, b) => a * b],
  ['/', (a, b) => a / b],
])

/** One operation on two numbers. */
function calculate(text: string): string {
  const [, left, operator, right] = /^(-?[\d.]+)([-+*/])(-?[\d.]+)$/.exec(text) ?? []
  const operation = operations.get(operator)
  if (operation === undefined) return 'calc takes two numbers, such as: calc 6 * 7'
  return String(operation(Number(left), Number(right)))
}
