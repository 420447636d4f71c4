import { spawnSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'

// What `npm run build` makes of src/: dist/, as it is published. The demo's page is served as it is
// written.
rmSync('dist', { recursive: true, force: true })
const { status } = spawnSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: 'inherit' })
if (status === 0) cpSync('src/cli/demo/page', 'dist/cli/demo/page', { recursive: true })
process.exitCode = status ?? 1
