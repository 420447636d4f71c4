import type { Random } from '../../test/support/random.ts'
import type { Peer } from './peer.ts'

/** Who ends a session, and how: by a Close (a TCP backend by FIN), FIN alone, or a reset. */
export const endings = [
  'client closes',
  'client leaves',
  'upstream closes',
  'client ends',
  'upstream ends',
  'client resets',
  'upstream resets',
  'both reset',
] as const
export type Ending = (typeof endings)[number]

export interface Ends {
  readonly kind: 'relay' | 'bridge'
  readonly client: Peer
  readonly upstream: Peer
}

/** A direction of which nothing may be missing when the session is over. */
type Whole = Readonly<Record<'up' | 'down', boolean>>

/**
 * What an ending leaves whole. Towards a TCP backend an end that is no Close is a reset, and what
 * a bridge still holds for a client that has closed has nowhere to go.
 */
function wholeAfter(ending: Ending, kind: Ends['kind']): Whole {
  switch (ending) {
    case 'client closes':
    case 'upstream closes':
      return { up: true, down: true }
    case 'client leaves':
      return { up: true, down: kind === 'relay' }
    case 'client ends':
      return { up: kind === 'relay', down: false }
    case 'upstream ends':
      // Of a backend this is how it closes.
      return { up: kind === 'bridge', down: true }
    case 'client resets':
    case 'upstream resets':
    case 'both reset':
      return { up: false, down: false }
  }
}

/**
 * Runs a session from its 101 to the close of both sockets.
 * @param share gives how many bytes an end says, and then what is left of its last burst
 * @returns what was wrong
 */
export async function runSession(
  ends: Ends,
  ending: Ending,
  share: () => number,
  random: Random,
): Promise<string[]> {
  const { client, upstream, kind } = ends
  const who = ending.startsWith('upstream') ? upstream : client
  const resets = ending.endsWith('reset') || ending.endsWith('resets')
  client.read()
  upstream.read()
  const say = (peer: Peer): Promise<void> => {
    const torn = ending === 'both reset' || (resets && peer === who)
    return peer.say(share(), torn ? random.int(0, 8) : Infinity)
  }
  const said = say(client)
  const answered = say(upstream)
  await (who === client ? said : answered)
  if (resets) {
    who.reset()
    if (ending === 'both reset') {
      await answered
      upstream.reset()
    }
  } else if (ending.endsWith('ends')) who.end()
  else {
    // What is on its way to a client of a bridge ends with its Close.
    if (ending === 'client closes' && kind === 'bridge') {
      await answered
      await client.hasAll(upstream.source)
    }
    who.close()
  }
  await Promise.all([said, answered, client.closed, upstream.closed])
  const whole = wholeAfter(ending, kind)
  return [
    wrong('to the upstream', upstream.check.finish(whole.up)),
    wrong('to the client', client.check.finish(whole.down)),
  ].filter((fault) => fault !== undefined)
}

function wrong(direction: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `${direction}: ${fault}`
}
