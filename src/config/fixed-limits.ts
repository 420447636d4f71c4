// Limits that are the same for everybody, since no peer in good order comes near them.

/** Bytes of the head of a request or of an answer, all lines together. */
export const maxHeadBytes = 16_384

/**
 * TCP keep-alive: milliseconds of silence after which the kernel asks whether the other end is still
 * there. Only where no clock of ours would ever find out: setting it takes four system calls.
 */
export const keepAliveDelayMs = 60_000
