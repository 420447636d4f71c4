import { withoutUserinfo } from '../../config/secret.ts'
import { writeYaml } from '../../config/write-yaml.ts'

/** What stands in the place of a password: a reference, so that the file works once it is set. */
const reference = '${REDIS_PASSWORD}'

/** The configuration as YAML that anybody may see: secrets are left out. */
export function shownConfig(config: Readonly<Record<string, unknown>>): string {
  return writeYaml(redacted(config))
}

function redacted(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => redacted(item, key))
  if (value instanceof Object) {
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, redacted(inner, name)]),
    )
  }
  if (typeof value !== 'string') return value
  if (key === 'password') return reference
  const text = withoutUserinfo(value)
  // Keys for the server that is asked are often written there.
  return key === 'url' ? text.replace(/([?&][^=&]*=)(?!\{token\})[^&]*/g, '$1[redacted]') : text
}
