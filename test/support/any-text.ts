import * as fc from 'fast-check'

const beyondSurrogates = 0x800
const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0x7f }),
  fc
    .integer({ min: 0, max: 0x10_ffff - beyondSurrogates })
    .map((code) => (code < 0xd800 ? code : code + beyondSurrogates)),
)

/**
 * Any text of Unicode, control characters and what is not assigned included. `fc.string` has that
 * too, but takes seconds to set it up.
 */
export function anyText(constraints: fc.ArrayConstraints = {}): fc.Arbitrary<string> {
  return fc.array(codePoint, constraints).map((codes) => String.fromCodePoint(...codes))
}
