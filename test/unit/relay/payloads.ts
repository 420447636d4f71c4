import type { End } from './rig.ts'

/** Reads messages until they are so many bytes together. */
export async function payloads(
  end: End,
  count: number,
): Promise<{ data: Buffer; opcodes: Set<number> }> {
  const parts: Buffer[] = []
  const opcodes = new Set<number>()
  for (let have = 0; have < count;) {
    const { opcode, payload } = await end.frame()
    opcodes.add(opcode)
    parts.push(payload)
    have += payload.length
  }
  return { data: Buffer.concat(parts), opcodes }
}
