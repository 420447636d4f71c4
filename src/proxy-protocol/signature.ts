/** What a v2 header begins with: bytes that no text protocol takes for its own (section 2.2). */
export const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/** The signature, version and command, family, and the length of what follows. */
export const fixedBytes = signature.length + 4
