import { isIPv4 } from 'node:net'

/** @param text an IP address without a zone @returns 4 bytes or 16, in network byte order */
export function ipBytes(text: string): Buffer {
  if (isIPv4(text)) return Buffer.from(text.split('.').map(Number))
  const bytes = Buffer.alloc(16)
  const [head = '', tail] = text.split('::')
  const before = groupBytes(head)
  bytes.set(before, 0)
  if (tail !== undefined) {
    const after = groupBytes(tail)
    bytes.set(after, 16 - after.length)
  }
  return bytes
}

/** Colon-separated groups of hexadecimal digits, the last perhaps an IPv4 address. */
function groupBytes(text: string): number[] {
  if (text === '') return []
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number)
    const number = Number.parseInt(group, 16)
    return [number >> 8, number & 0xff]
  })
}

/** @param bytes 4 of them, or 16 @returns every group written out: valid, if not canonical */
export function ipText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups: string[] = []
  for (let at = 0; at < 16; at += 2) groups.push(bytes.readUInt16BE(at).toString(16))
  return groups.join(':')
}
