/** `npm run bench`: Drawbridge and its peers side by side, as one Markdown table on stdout. */
import { writeFileSync } from 'node:fs'
import { coresOf, findProgram, machineLine } from './machine.ts'
import { medianSample } from './measure/sample.ts'
import { UsageError, readOptions, usage } from './options.ts'
import type { Options } from './options.ts'
import { peers } from './peers.ts'
import type { PeerName } from './peers.ts'
import { resultTable } from './report.ts'
import { Testbed } from './testbed.ts'
import { Turns } from './turns.ts'
import type { Measured } from './turns.ts'
import { works } from './works.ts'

function isInstalled(name: PeerName): boolean {
  const { needs } = peers[name]
  return needs === undefined || findProgram(needs.program) !== undefined
}

async function run(options: Options): Promise<void> {
  const machine = machineLine()
  const wanted = works.filter(({ name }) => isWanted(name, options.only))
  if (wanted.length === 0) throw new UsageError(`no such work; there are: ${workNames()}`)
  const compared = options.peers.filter((name) => wanted.some((work) => work.peers.includes(name)))
  const missing = compared.filter((name) => !isInstalled(name))
  const present = compared.filter(isInstalled)
  const measured: Measured[] = []
  const bed = await Testbed.open()
  try {
    for (const [at, work] of wanted.entries()) {
      const names = work.peers.filter((name) => present.includes(name))
      const progress = (line: string): void =>
        void process.stderr.write(`[${at + 1}/${wanted.length}] ${line}\n`)
      const turns = new Turns(work, ['drawbridge', ...names], bed, options, progress)
      measured.push(await turns.take())
    }
  } finally {
    await bed.close()
  }
  const failures = measured.flatMap((one) => one.failures)
  const results = measured.map(({ work, cold, rounds }) => ({
    work,
    cold,
    medians: new Map([...rounds].map(([name, samples]) => [name, medianSample(samples)])),
  }))
  const versions = (['drawbridge', ...present] as const)
    .filter((name) => name !== 'relay' && name !== 'node')
    .map((name) => `${peers[name].title} ${peers[name].version()}`)
  const cores =
    coresOf() === undefined
      ? 'nothing pinned: that takes taskset and two cores'
      : 'proxy alone on core 0, load and backend on core 1'
  const lines = [
    `${machine}; ${cores}; ${options.rounds} rounds of ${options.measureMs / 1000} s, medians.`,
    `${versions.join(', ')}.`,
    '',
    resultTable(results),
    ...missing.map((name) => `\n${peers[name].title} is missing: ${peers[name].needs?.install}`),
    ...failures.map((failure) => `\nFAILED: ${failure}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  if (failures.length > 0) process.exitCode = 1
  if (options.json !== undefined) {
    const works = measured.map(({ work, cold, rounds }) => ({
      ...work,
      cold: Object.fromEntries(cold),
      rounds: Object.fromEntries(rounds),
    }))
    writeFileSync(
      options.json,
      `${JSON.stringify({ machine, versions, options, works }, null, 2)}\n`,
    )
  }
}

/** A whole name means that work alone, though others begin with it. */
function isWanted(name: string, only: readonly string[]): boolean {
  const isName = (text: string): boolean => works.some((work) => work.name === text)
  return (
    only.length === 0 || only.some((text) => (isName(text) ? name === text : name.includes(text)))
  )
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function workNames(): string {
  return works.map(({ name }) => name).join('; ')
}

try {
  const options = readOptions(process.argv.slice(2))
  if (options === 'help') process.stdout.write(usage)
  else await run(options)
} catch (error) {
  const isUsage = error instanceof UsageError
  process.stderr.write(`${messageOf(error)}\n`)
  if (isUsage) process.stderr.write(`\n${usage}`)
  process.exitCode = isUsage ? 2 : 1
}
