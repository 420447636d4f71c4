/** What a Close frame says, or what stands in for one that never came. */
export interface Close {
  /** As on the wire; `noCode` for a Close without one. */
  readonly code: number
  readonly reason: string
}

/** Stands for a Close frame without a code. Never on the wire. */
export const noCode = 1005

/** Stands for a connection that ended without a Close frame. Never on the wire. */
export const abnormalCode = 1006

/**
 * Whether a Close frame may carry this code: those of RFC 6455 section 7.4.1, those IANA has added
 * since (1012 to 1014), and the ranges of libraries and applications.
 */
export function isWireCode(code: number): boolean {
  if (code >= 3000) return code <= 4999
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014)
}
