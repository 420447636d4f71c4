import { resolve } from 'node:path'
import type { UpstreamTls } from './settled/tls.ts'
import { defined } from './objects.ts'
import type { CheckedFile } from './schema.ts'

/** What upstreams and targets are checked by, and shown, with absolute paths. */
export function settleUpstreamTls(
  { ca, cert, key, servername, verify }: CheckedFile['upstreams'][string]['tls'],
  folder: string,
): UpstreamTls {
  return {
    ...defined({ ca: ca === undefined ? undefined : resolve(folder, ca), servername }),
    verify,
    // One without the other has been refused.
    ...(cert !== undefined &&
      key !== undefined && {
        certificate: { cert: resolve(folder, cert), key: resolve(folder, key) },
      }),
  }
}
