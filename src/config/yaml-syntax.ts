/**
 * What is wrong with a text that is not YAML, as "found …, expected …". The parser's own messages are not used: some of
 * them quote the source, which may be a secret.
 */
export function tellSyntax(code: string, at: string): string {
  return (
    messages[code] ??
    `found ${at.startsWith('\t') ? 'a tab' : 'what cannot be read as YAML'}, expected valid YAML`
  )
}

const messages: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'found an alias with an anchor or tag, expected it alone',
  BAD_ALIAS: 'found an alias without its anchor, expected an anchor before it',
  BAD_COLLECTION_TYPE: 'found a collection of another kind than its tag says, expected no tag',
  BAD_DIRECTIVE: 'found an unknown % directive, expected none',
  BAD_DQ_ESCAPE: 'found an unknown escape in a double-quoted text, expected \\\\ for a backslash',
  BAD_INDENT: 'found a wrong indentation, expected that of the lines above',
  BAD_PROP_ORDER: 'found an anchor or tag in a wrong place, expected it before the value',
  BAD_SCALAR_START:
    'found a character that no unquoted text begins with, expected quotes around the text',
  BLOCK_AS_IMPLICIT_KEY:
    'found nested mappings on one line, expected a line of its own for each, or quotes',
  BLOCK_IN_FLOW: 'found a block collection inside brackets, expected brackets inside brackets',
  DUPLICATE_KEY: 'found a key a second time, expected it once',
  KEY_OVER_1024_CHARS: 'found a key of more than 1024 characters, expected a shorter one',
  MISSING_CHAR:
    'found the end of a value too early, expected a closing quote, bracket, colon or comma',
  MULTILINE_IMPLICIT_KEY: 'found a key over several lines, expected one line and a colon behind it',
  MULTIPLE_ANCHORS: 'found several anchors, expected one',
  MULTIPLE_DOCS: 'found a second document, expected one document',
  MULTIPLE_TAGS: 'found several tags, expected one',
  NON_STRING_KEY: 'found a key that is no text, expected a text',
  TAB_AS_INDENT: 'found a tab as indentation, expected blanks',
  TAG_RESOLVE_FAILED: 'found an unknown tag, expected none',
  UNEXPECTED_TOKEN: 'found what does not belong here, expected the next key or value',
}
