import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expectClose } from '../support/frame-run.ts'
import { RawGateway } from '../support/raw-session.ts'
import type { RawSession } from '../support/raw-session.ts'
import { bytes } from '../support/raw-client.ts'

const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' }
const marked = {
  client: bytes('c18737fa213d c5b2ecf4fefd21'),
  upstream: bytes('c107 f248cdc9c90700'),
}

let gateway: RawGateway
beforeAll(async () => {
  gateway = await RawGateway.relay({
    routes: [
      { match: { path: '/off/*' }, proxy: 'app', compression: 'off' },
      { name: 'main', proxy: 'app' },
    ],
  })
})
afterAll(() => gateway.stop())

describe.each([
  { name: 'the client does not offer it', open: {} },
  { name: 'the upstream declines it', open: { headers: offer } },
  { name: 'the route takes the offer out', open: { headers: offer, route: '/off' } },
])('RSV1 is refused where $name', ({ open }) => {
  test('from the client', async () => {
    const session = await gateway.open(open)
    session.client.send(marked.client)
    await expectClose(session.client, 'client', 1002, 'frame-invalid')
    await expectClose(session.upstream, 'upstream', 1001, 'frame-invalid')
    await end(session)
  })

  test('from the upstream', async () => {
    const session = await gateway.open(open)
    session.upstream.send(marked.upstream)
    await expectClose(session.upstream, 'upstream', 1002, 'upstream-invalid')
    await expectClose(session.client, 'client', 1011, 'upstream-invalid')
    await end(session)
  })
})

test('a message that is compressed end to end passes both ways as it is', async () => {
  const answer = 'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=12\r\n'
  const session = await gateway.open({ headers: offer, answer })
  session.client.send(marked.client)
  session.upstream.send(marked.upstream)
  expect(await session.upstream.take(marked.client.length)).toEqual(marked.client)
  expect(await session.client.take(marked.upstream.length)).toEqual(marked.upstream)
  await end(session)
})

async function end({ client, upstream, closed }: RawSession): Promise<void> {
  client.end()
  upstream.end()
  await closed()
}
