import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/** Bottom to top: values are imported from the same entry or from one below. */
const layers = [
  ['errors', 'peer', 'roster'],
  ['websocket'],
  ['request', 'proxy-protocol'],
  ['config'],
  ['observe'],
  ['connection', 'answer', 'reset', 'stall-clock', 'transport-queue'],
  ['listener', 'handshake', 'route', 'auth', 'admission', 'upstream', 'relay', 'http'],
  ['pipeline'],
  ['gateway'],
  ['admin'],
  ['runtime'],
  ['cli'],
  ['index'],
]
/** In the order in which a connection meets them: types travel to the right only. */
const stages = layers.find((layer) => layer.includes('listener'))!

/** One door per package: who may import it. What is not listed here may not be imported at all. */
const doors: Readonly<Record<string, readonly string[]>> = {
  undici: ['upstream/', 'http/', 'auth/'],
  jose: ['auth/token-verifier.ts'],
  bcrypt: ['auth/password-checks.ts'],
  zod: ['config/'],
  yaml: ['config/'],
  pino: ['observe/logger.ts'],
  'pino-pretty': ['observe/logger.ts'],
  'prom-client': ['observe/metrics.ts'],
  send: ['http/static-files.ts'],
  redis: ['upstream/targets/redis-lookup.ts'],
  yargs: ['cli/'],
  ws: ['cli/'],
  'node-forge': ['cli/mint.ts'],
}

/** What belongs to the process as a whole is touched by those who run it. */
const processFolders = new Set(['cli', 'runtime'])
const processUse = /\bprocess\.(?:env|exit|on|once|stdout|stderr|argv)\b|\bconsole\./

interface Import {
  readonly from: string
  readonly typeOnly: boolean
}

const source = fileURLToPath(new URL('../src', import.meta.url))

/** What is wrong with one file of src/, given its path there and its text. */
function violations(file: string, text: string): string[] {
  const found: string[] = []
  const unit = unitOf(file)
  for (const { from, typeOnly } of importsOf(text)) {
    if (from.startsWith('node:')) continue
    if (from.startsWith('.')) {
      const problem = relativeProblem(unit, unitOf(join(dirname(file), from)), typeOnly)
      if (problem !== undefined) found.push(`${file}: ${from}: ${problem}`)
    } else {
      const [name = ''] = from.split('/')
      const doorsOfPackage = doors[name] ?? []
      if (!doorsOfPackage.some((door) => file.startsWith(door))) {
        found.push(`${file}: ${from}: is no door of this package`)
      }
    }
  }
  if (!processFolders.has(unit) && processUse.test(withoutComments(text))) {
    found.push(`${file}: touches the process`)
  }
  return found
}

function relativeProblem(from: string, to: string, typeOnly: boolean): string | undefined {
  if (from === to) return undefined
  const [here, there] = [layerOf(from), layerOf(to)]
  if (here === -1 || there === -1) return 'has no place in the order'
  if (stages.includes(from) && stages.includes(to)) {
    if (!typeOnly) return 'a stage imports a value of another stage'
    return stages.indexOf(to) < stages.indexOf(from) ? undefined : 'a stage knows one to its right'
  }
  return there <= here ? undefined : 'imports from above'
}

/** The folder of src/ that a file is in, or its own name for one that is in none. */
function unitOf(file: string): string {
  return file.split('/', 1)[0]!.replace(/\.ts$/, '')
}

function layerOf(unit: string): number {
  return layers.findIndex((layer) => layer.includes(unit))
}

/** The import and re-export statements of a module, dynamic ones too. */
function importsOf(text: string): Import[] {
  const code = withoutComments(text)
  const statements = code.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'([^']+)'/gm,
  )
  const found: Import[] = []
  for (const [, typeKeyword, clause = '', from = ''] of statements) {
    found.push({ from, typeOnly: typeKeyword !== undefined || namesTypesOnly(clause) })
  }
  for (const [, from = ''] of code.matchAll(/\bimport\(\s*'([^']+)'/g)) {
    found.push({ from, typeOnly: false })
  }
  return found
}

/** `{ type A, type B }`: every name is a type. */
function namesTypesOnly(clause: string): boolean {
  const names = /^\{([^}]*)\}$/.exec(clause.trim())?.[1]?.split(',') ?? []
  const given = names.map((name) => name.trim()).filter((name) => name !== '')
  return given.length > 0 && given.every((name) => name.startsWith('type '))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
}

const files = globSync('**/*.ts', { cwd: source }).map((file) => file.replaceAll('\\', '/'))

test('there is something to look at', () => {
  expect(files.length).toBeGreaterThan(50)
  expect(relative(source, join(source, files[0]!))).toBe(files[0])
})

test.each(files)('%s keeps to the order, the stages and the doors', (file) => {
  expect(violations(file, readFileSync(join(source, file), 'utf8'))).toEqual([])
})

test.each([
  ['the longest delay of a timer', /2 \*\* 31 - 1|2_?147_?483_?647/, 'config/duration.ts'],
  ['the largest head', /\bmaxHeadBytes = /, 'config/fixed-limits.ts'],
  ['the time to linger', /\blinger\w* = [\d_]+$/m, 'answer.ts'],
])('%s is written in one place', (_, number, place) => {
  const places = files.filter((file) =>
    number.test(withoutComments(readFileSync(join(source, file), 'utf8'))),
  )
  expect(places).toEqual([place])
})

test.each([
  ['relay/session.ts', `import { Gateway } from '../gateway.ts'`, 'imports from above'],
  ['relay/session.ts', `import type { Gateway } from '../gateway.ts'`, 'imports from above'],
  ['relay/session.ts', `export { parse } from '../handshake/origin.ts'`, 'imports a value'],
  [
    'relay/session.ts',
    `import {\n  parse,\n  type A,\n} from '../handshake/origin.ts'`,
    'imports a value',
  ],
  ['relay/session.ts', `const x = await import('../handshake/origin.ts')`, 'imports a value'],
  ['relay/session.ts', `import '../handshake/origin.ts'`, 'imports a value'],
  ['handshake/origin.ts', `import type { Dial } from '../upstream/upstream.ts'`, 'to its right'],
  ['config/load.ts', `import { Logger } from '../observe/logger.ts'`, 'imports from above'],
  ['utils/text.ts', `import { faults } from '../errors.ts'`, 'no place in the order'],
  ['config/load.ts', `import { cut } from '../utils/text.ts'`, 'no place in the order'],
  ['gateway.ts', `import { request } from 'undici'`, 'is no door'],
  ['observe/metrics.ts', `import pino from 'pino'`, 'is no door'],
  ['cli/main.ts', `import left from 'left-pad'`, 'is no door'],
  ['cli/serve.ts', `import forge from 'node-forge/lib/x.js'`, 'is no door'],
  ['gateway.ts', `if (process.env['X']) start()`, 'touches the process'],
  ['gateway.ts', `process.on('exit', stop)`, 'touches the process'],
  ['relay/session.ts', `console.log(1)`, 'touches the process'],
])('finds a violation planted in %s: %s', (file, text, problem) => {
  expect(violations(file, `${text}\n`)).toEqual([expect.stringContaining(problem)])
})

test.each([
  ['relay/session.ts', `import type { UpgradeRequest } from '../handshake/upgrade-request.ts'`],
  ['relay/session.ts', `import { type A, type B } from '../handshake/upgrade-request.ts'`],
  ['relay/session.ts', `import { GatewayError } from '../errors.ts'`],
  ['relay/session.ts', `import { Port } from './port.ts'`],
  ['relay/session.ts', `// console.log is not called here, nor process.env read`],
  ['cli/main.ts', `import yargs from 'yargs'\nprocess.exit(await main(process.argv))`],
  ['http/forward.ts', `import { request } from 'undici'`],
])('lets pass what is allowed in %s: %s', (file, text) => {
  expect(violations(file, `${text}\n`)).toEqual([])
})
