import { plannedKeys } from './planned-keys.ts'
import type { JsonSchema } from './schema-json.ts'

/** docs/config.md: what the schema says of every key, as tables. */
export function configDocs(schema: JsonSchema): string {
  const sections = Object.entries(schema.properties ?? {}).map(([key, section]) => {
    const rows = rowsOf(section, key)
    const own = row(key, section, schema)
    return `## ${key}\n\n${section.description ?? ''}\n\n${table(rows.length > 0 ? rows : [own])}`
  })
  return `${[intro.trim(), ...sections, unsupported()].join('\n\n')}\n`
}

const intro = `
# Configuration

One YAML or JSON file. This page and \`config/schema.json\` are made from the schema by \`npm run schema\`.

- **Durations** are whole numbers with a unit: \`500ms\`, \`10s\`, \`5m\`, \`1h\`, at most \`596h\`. **Sizes**: \`512B\`, \`64KiB\`, \`1MiB\`,
  \`2GiB\`. **Rates**: \`50/s\`, \`10/m\`, \`100/h\`, of bytes \`1MiB/s\`. \`none\` switches a limit or a clock off. Limits are inclusive.
- **Addresses** to listen on: \`0.0.0.0:8080\`, \`[::1]:8080\`, \`localhost:8080\`, \`unix:/path\`. Port 0 is any; the log says which.
- **Relative paths** are relative to the folder of the file.
- **Files** that it names are regular ones, or links to one: a pipe, a socket or a device is an error, and is not waited for. The
  configuration itself may come through a pipe (\`--config /dev/stdin\`).
- **References**: \`\${NAME}\` is an environment variable, \`\${NAME:-default}\` has a default for one that is unset or empty,
  \`\${file:/run/secrets/x}\` is the text of a file without its last line break. They are replaced inside values, never in keys, and once:
  what they bring is not looked at again, and cannot change the structure; a default holds no references. A value that is one unquoted reference is read as YAML
  would read it: a number, \`true\` or \`false\`, else text; in quotes it is text. Inside brackets it needs quotes: \`{ bind: "\${BIND}" }\`.
- **Names** of listeners, authenticators, upstreams and routes are up to 64 letters, digits, dots, dashes and underscores. \`monitor\` is no listener’s.
- Unknown keys are errors. \`drawbridge check --config FILE\` prints all mistakes of a file, one a line:
  \`FILE:LINE:COLUMN: path: found …, expected …\`. What came from a reference, or stands under a key that holds a secret, is not shown.
- **Warnings** are lines of the same form, from \`check\` and at the start, of what works and may not be what is meant: a key of a route that has no effect on it (\`origins\`
  beside \`static\`, \`sessionsPerIdentity\` without \`auth\`), two routes to one upstream of which one guards what the other shows.
`

interface Row {
  readonly key: string
  readonly value: string
  readonly standard: string
  readonly effect: string
}

function table(rows: readonly Row[]): string {
  const lines = rows.map(({ key, value, standard, effect }) =>
    [`\`${key}\``, value, standard, effect].map((cell) => cell.replaceAll('|', '\\|')).join(' | '),
  )
  return [
    '| key | value | default | effect |',
    '| --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
  ].join('\n')
}

/** A row for every key below the schema, in its order. */
function rowsOf(schema: JsonSchema, path: string): Row[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => [
    row(`${path}.${key}`, inner, schema),
    ...rowsOf(inner, `${path}.${key}`),
  ])
  const named =
    schema.additionalProperties instanceof Object
      ? rowsOf(schema.additionalProperties, `${path}.NAME`)
      : []
  const listed = schema.items === undefined ? [] : rowsOf(schema.items, `${path}[]`)
  const others = (schema.anyOf ?? []).flatMap((inner) => rowsOf(inner, path))
  return [...own, ...named, ...listed, ...others]
}

function row(path: string, schema: JsonSchema, parent: JsonSchema): Row {
  const key = path.slice(path.lastIndexOf('.') + 1)
  const required = parent.required?.includes(key) === true
  return {
    key: path,
    value: kindOf(schema),
    standard: required ? 'required' : standardOf(schema.default),
    effect: schema.description ?? '',
  }
}

function kindOf(schema: JsonSchema): string {
  if (schema.const !== undefined) return `\`${written(schema.const)}\``
  if (schema.enum !== undefined)
    return schema.enum.map((value) => `\`${written(value)}\``).join(', ')
  if (schema.title !== undefined) return schema.title
  if (schema.anyOf !== undefined) return alternatives(schema.anyOf)
  if (schema.type === 'array')
    return `list${schema.items === undefined ? '' : ` of ${kindOf(schema.items)}`}`
  if (schema.type === 'object') return 'mapping'
  if (schema.type === 'boolean') return '`true`, `false`'
  if (schema.type === 'integer') return 'whole number'
  return 'text'
}

/** The kinds that are possible, each once; a list of one of them is no more than that. */
function alternatives(schemas: readonly JsonSchema[]): string {
  const kinds = [...new Set(schemas.map((inner) => kindOf(inner)))]
  return kinds
    .map((kind) => (kinds.some((other) => kind === `list of ${other}`) ? 'a list of these' : kind))
    .join(', or ')
}

function standardOf(value: unknown): string {
  const isEmpty = value instanceof Object && Object.keys(value).length === 0
  return value === undefined || isEmpty ? '' : `\`${written(value)}\``
}

/** A value as YAML writes it on one line. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => written(item)).join(', ')}]`
  if (!(value instanceof Object)) return String(value)
  const members = Object.entries(value).map(([key, inner]) => `${key}: ${written(inner)}`)
  return `{ ${members.join(', ')} }`
}

function unsupported(): string {
  const keys = [...plannedKeys].map(
    (key) => `\`${key.replaceAll('routes.*', 'routes[]').replaceAll('*', 'NAME')}\``,
  )
  return `## Not supported yet\n\nThese keys are planned, and refused until they work: ${keys.join(', ')}.`
}
