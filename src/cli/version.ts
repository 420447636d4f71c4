import { readFileSync } from 'node:fs'

/** The version in package.json, which lies two folders up from src/cli and from dist/cli alike. */
export const version = readVersion()

function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const manifest: unknown = JSON.parse(text)
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version)
  }
  return 'unknown'
}
