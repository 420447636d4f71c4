/** The two halves of "found …, expected …". */
interface Complaint {
  readonly found: string
  readonly expected: string
}

/** Mistakes that leave it clear what the rest of the file says. */
export function isRecoverable(code: string): boolean {
  return code === 'BAD_DQ_ESCAPE' || code === 'TAG_RESOLVE_FAILED' || code === 'BAD_DIRECTIVE'
}

/**
 * What is wrong with a text that is no YAML. The parser's own messages are not used: some of them
 * quote the source, which may be a secret.
 * @param message the parser's: of some codes only this tells which mistake it is
 * @param line the line, up to the place where it goes wrong
 */
export function tellSyntax(code: string, message: string, line: string): Complaint {
  // In a flow collection the brace of an unquoted reference opens a mapping.
  if (!isRecoverable(code) && /[[{,].*\$\{/.test(line)) {
    return { found: 'a reference without quotes inside brackets', expected: '"${NAME}"' }
  }
  if (!isRecoverable(code) && /: \[[\da-f:.]*\]:?$/i.test(line)) {
    return { found: 'an address in brackets without quotes', expected: '"[::1]:8080"' }
  }
  const closing = /^Flow .* end with a ([\]}])$/.exec(message)?.[1]
  if (closing !== undefined) {
    const expected = `a closing ${closing}, and all before it indented more than its key`
    return { found: 'a bracket that is not closed', expected }
  }
  const [found, expected] = complaints[code] ?? ['what cannot be read as YAML', 'valid YAML']
  return { found, expected }
}

const complaints: Readonly<Record<string, readonly [found: string, expected: string]>> = {
  ALIAS_PROPS: ['an alias with an anchor or tag', 'it alone'],
  BAD_ALIAS: ['an alias without a name', 'quotes around a text that begins with *'],
  BAD_COLLECTION_TYPE: ['a collection of another kind than its tag says', 'no tag'],
  BAD_DIRECTIVE: ['an unknown % directive', 'none'],
  BAD_DQ_ESCAPE: ['an unknown escape in a double-quoted text', '\\\\ for a backslash'],
  BAD_INDENT: ['a wrong indentation', 'that of the lines above'],
  BAD_PROP_ORDER: ['an anchor or tag in a wrong place', 'it before the value'],
  BAD_SCALAR_START: ['a character that no unquoted text begins with', 'quotes around the text'],
  BLOCK_AS_IMPLICIT_KEY: [
    'a key inside a value',
    'another indentation, or quotes around the value',
  ],
  BLOCK_IN_FLOW: ['a block collection inside brackets', 'brackets inside brackets'],
  DUPLICATE_KEY: ['a key a second time', 'it once'],
  KEY_OVER_1024_CHARS: ['a key of more than 1024 characters', 'a shorter one'],
  MISSING_CHAR: ['the end of a value too early', 'a closing quote, bracket, colon or comma'],
  MULTILINE_IMPLICIT_KEY: ['a key over several lines', 'one line and a colon behind it'],
  MULTIPLE_ANCHORS: ['several anchors', 'one'],
  MULTIPLE_DOCS: ['a second document', 'one document'],
  MULTIPLE_TAGS: ['several tags', 'one'],
  NON_STRING_KEY: ['a key that is no text', 'a text'],
  RESOURCE_EXHAUSTION: ['collections nested too deeply', 'fewer levels'],
  TAB_AS_INDENT: ['a tab as indentation', 'blanks'],
  TAG_RESOLVE_FAILED: ['an unknown tag', 'none'],
  UNEXPECTED_TOKEN: ['what does not belong here', 'the next key or value'],
}
