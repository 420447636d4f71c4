const separators = [
  '/|/|/|/|//|%2f|%2F|%5c|%5C|%252f|%255c|/;/|/;x=y/',
  ';/|%3b/|%253b/|;a%2f|/.|///|%c0%af|%ef%bc%8f|%c0%2f|%u002f',
  '/%2f',
]
  .join('|')
  .split('|')

const starts = ['/', '/', '/', '/', '//', '//x/', '/%2f', '/%5c', '/./', '/;/']

const segments = [
  'public|private|private|public|x|a||',
  '.|..|..|..|..|%2e%2e|%2e|.%2e|%2E.|%252e%252e|%252e.',
  '..;|..;a=b|..%3b|.;|%2e%2e;|%2e%2e%3bx|..%253bx|...|.. |..%20',
  '..%2e|..%00|PRIVATE|Private|PUBLIC|priv%61te|%70rivate|p%72ivate',
  '%2570rivate|private%20|private.|private..|private::$DATA',
  'private%3a%3a$DATA|private;x|private%3bx|;private|private%3fx|private%23x',
  'private%253fx|public%3f|%c0%ae%c0%ae|%e0%80%ae%e0%80%ae|%ef%bc%8e%ef%bc%8e',
  'priv%ef%bd%81te|private%2525|%25|%252525|;|;/..|%3b|public%2f..',
  'public%5c..|public%2f|private%2f|%2fprivate|x%2f..%2f..%2fprivate',
  'x%5c..%5c..%5cprivate|..%5c|%5c..|..\\|x%252f..%252f..%252fprivate',
  '%2e%2e%2f%2e%2e%2fprivate',
]
  .join('|')
  .split('|')

/**
 * Different paths out of what is known to be read in more than one way. The same seed gives the
 * same paths.
 */
export function nastyPaths(count: number, seed: number): ReadonlySet<string> {
  let state = seed
  function pick(choices: readonly string[]): string {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return choices[(state >>> 8) % choices.length]!
  }
  const lengths = ['1', '2', '3', '4', '5', '6']
  const paths = new Set<string>()
  while (paths.size < count) {
    let path = pick(starts) + pick(segments)
    for (let left = Number(pick(lengths)); left > 1; left -= 1) {
      path += pick(separators) + pick(segments)
    }
    paths.add(path + pick(['', '', pick(separators)]))
  }
  return paths
}
