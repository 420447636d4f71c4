#!/usr/bin/env node
// Plain JavaScript of long ago: an old Node must get far enough to say what it lacks.
import { existsSync } from 'node:fs'

const parts = process.versions.node.split('.')
const major = Number(parts[0])
const minor = Number(parts[1])
const supported =
  (major === 22 && minor >= 23) ||
  (major === 24 && minor >= 21) ||
  (major === 26 && minor >= 10) ||
  major > 26

if (supported) {
  // A checkout has its sources, and they are what is meant, however old dist/ is. The package has dist/ alone.
  const source = new URL('../src/cli/start.ts', import.meta.url)
  const built = new URL('../dist/cli/start.js', import.meta.url)
  import(existsSync(source) ? source.href : built.href).then(
    function (module) {
      module.start()
    },
    function (error) {
      console.error(error)
      process.exitCode = 1
    },
  )
} else {
  console.error(
    'drawbridge needs Node 22 (22.23 or later), 24 (24.21 or later), or 26.10 and later; this is ' +
      process.versions.node,
  )
  process.exitCode = 1
}
