import { mintAuthority, mintLeaf } from '../../src/cli/mint.ts'

export interface PairWithAuthority {
  /** PEM of the authority that signed it. */
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** A certificate for these names and addresses, and the authority to trust for it. */
export async function mintPair(hosts: readonly string[]): Promise<PairWithAuthority> {
  const authority = await mintAuthority('tests')
  const { cert, key } = await mintLeaf(hosts, authority)
  return { ca: authority.cert, cert, key }
}
