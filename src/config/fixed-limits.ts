// Limits that are the same for everybody, since no peer in good order comes near them.

/** Bytes of the head of a request or of an answer, all lines together. */
export const maxHeadBytes = 16_384
