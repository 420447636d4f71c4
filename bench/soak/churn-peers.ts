/**
 * Either side of the churn, in a process of its own, since each may open no more files than the
 * gateway may. `fork`ed with `upstream` or with `client URL`; does what its parent's messages say.
 */
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { wsEcho } from '../../test/support/peers.ts'

/** `open` so many more connections and use each, or `close` all. Answered when that is done. */
export type Order = { readonly open: number } | 'close'

/** Handshakes at once: no backlog of a listener is longer. */
const atOnce = 100

const [role, url = ''] = process.argv.slice(2)
process.on('disconnect', () => process.exit())
if (role === 'upstream') {
  const { port } = await wsEcho({ perMessageDeflate: false })
  process.send?.(port)
} else {
  let open: WebSocket[] = []
  const act = async (order: Order): Promise<void> => {
    if (order === 'close') {
      await Promise.all(open.map(leave))
      open = []
      return
    }
    let left = order.open
    const opener = async (): Promise<void> => {
      while (left-- > 0) open.push(await enter(url))
    }
    await Promise.all(Array.from({ length: atOnce }, opener))
  }
  process.on('message', (order: Order) => {
    act(order).then(
      () => process.send?.('done'),
      (error: unknown) => process.send?.(String(error)),
    )
  })
}

/** Connects, and sends a message that has to come back. */
async function enter(to: string): Promise<WebSocket> {
  const socket = new WebSocket(to, { perMessageDeflate: false })
  await once(socket, 'open')
  const sent = Math.random().toString()
  socket.send(sent)
  const [data] = (await once(socket, 'message')) as [Buffer]
  if (data.toString() !== sent) throw new Error(`sent ${sent}, got ${data.toString()}`)
  return socket
}

async function leave(socket: WebSocket): Promise<void> {
  const closed = once(socket, 'close')
  socket.close(1000)
  const [code] = (await closed) as [number]
  if (code !== 1000) throw new Error(`closed with ${code}`)
}
