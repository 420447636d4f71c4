import { hostname, networkInterfaces } from 'node:os'
import type { Config } from '../config/config.ts'
import type { RunOptions } from '../runtime/run.ts'
import { mintSelfSigned } from './mint.ts'

/**
 * What to run so that every listener of `config` ends TLS with a certificate that is in no file.
 */
export async function certificateInMemory(config: Config): Promise<RunOptions> {
  const { cert, key } = await mintSelfSigned(namesOfThisMachine(config))
  const tls = { certificates: [], minVersion: 'TLSv1.2', optional: false } as const
  return {
    config: {
      ...config,
      listeners: Object.fromEntries(
        Object.entries(config.listeners).map(([name, listener]) => [name, { ...listener, tls }]),
      ),
    },
    certificates: [{ cert, key, source: 'the certificate in memory' }],
  }
}

/** What clients may call this machine, as far as it knows. */
function namesOfThisMachine(config: Config): string[] {
  const names = ['localhost', '127.0.0.1', '::1', hostname().toLowerCase()]
  for (const addresses of Object.values(networkInterfaces())) {
    // A link-local address has a zone, which no certificate can name.
    for (const { address, scopeid } of addresses ?? []) if (!scopeid) names.push(address)
  }
  for (const { bind } of Object.values(config.listeners)) {
    if (bind.kind === 'tcp' && bind.host !== '0.0.0.0' && bind.host !== '::') names.push(bind.host)
  }
  return [...new Set(names)]
}
