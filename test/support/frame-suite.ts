import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Side } from '../../src/relay/ending.ts'
import { readCorpus } from './frame-corpus.ts'
import { cuts, runRow } from './frame-run.ts'
import { RawGateway } from './raw-session.ts'
import type { OpenOptions } from './raw-session.ts'

const deflate = 'Sec-WebSocket-Extensions: permessage-deflate'

interface Table {
  readonly file: string
  /** Cut at single places too, not only byte by byte. */
  readonly everywhere: boolean
  readonly open: OpenOptions
}

const tables: readonly Table[] = [
  { file: 'frames.txt', everywhere: true, open: {} },
  { file: 'frames-matrix.txt', everywhere: false, open: {} },
  { file: 'frames-unlimited.txt', everywhere: true, open: { route: '/unlimited' } },
  {
    file: 'frames-deflate.txt',
    everywhere: true,
    open: {
      headers: { 'Sec-WebSocket-Extensions': 'permessage-deflate' },
      answer: `${deflate}\r\n`,
    },
  },
]

/** Every table of frames, sent from one side of sessions through a whole gateway. */
export function describeFrames(from: Side): void {
  let gateway: RawGateway
  beforeAll(async () => {
    gateway = await RawGateway.relay({
      limits: {
        message: '64KiB',
        controlFrameRate: { max: '1/m', burst: 50, over: 'close' },
      },
      routes: [
        { match: { path: '/unlimited/*' }, proxy: 'app', limits: { message: 'none' } },
        { name: 'main', proxy: 'app' },
      ],
    })
  })
  afterAll(() => gateway.stop())

  describe.each(tables)(`frames of the ${from}: $file`, ({ file, everywhere, open }) => {
    test.each(readCorpus(file))('$name', async (row) => {
      for (const pieces of cuts(row.bytes(from), everywhere)) {
        await runRow(row, from, pieces, await gateway.open(open))
      }
    })
  })
}
