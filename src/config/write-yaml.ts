import { stringify } from 'yaml'

/** A configuration that is an object, as its file would be written. */
export function writeYaml(config: unknown): string {
  return stringify(config, { lineWidth: 100, flowCollectionPadding: true })
}
