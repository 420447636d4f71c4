import { createWriteStream, existsSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import type { Config } from '../../config/config.ts'
import type { ListenerConfig } from '../../config/settled/listeners.ts'
import { configFromObject } from '../../config/load.ts'
import { defined } from '../../config/objects.ts'
import { ConfigError } from '../../config/problem.ts'
import { readRegularFile } from '../../config/regular-file.ts'
import { createLogger } from '../../observe/logger.ts'
import { run, type RunOptions } from '../../runtime/run.ts'
import { readFlags } from '../flags.ts'
import type { CommandLine } from './command-line.ts'
import { backgroundVariable, startInBackground, tellForeground } from './daemon.ts'
import { Endings } from './endings.ts'
import { writeHtpasswd } from './htpasswd-file.ts'
import { openKey } from './open-key.ts'
import { printConfig, sharedFlags } from './own-flags.ts'
import { planOf, type Plan, type Surroundings } from './plan.ts'
import { shownConfig } from './shown-config.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Serves what a command line of websockify says.
 * @returns the exit code
 * @throws {UsageError} for what makes no sense
 * @throws {ConfigError} for what cannot be used
 */
export async function serveWebsockify(line: CommandLine, env: Environment): Promise<number> {
  hidePasswords(line)
  const around = surroundings(line, env)
  const plan = planOf(line, around)
  const printsOnly = line.own[printConfig] === true
  const inBackground = env[backgroundVariable] === '1'
  if (line.switches.has('daemon') && !inBackground && !printsOnly) return await startInBackground()
  const htpasswd = plan.password && (await writeHtpasswd(plan.password))
  try {
    const real = htpasswd ? planOf(line, { ...around, htpasswd: htpasswd.path }) : plan
    const runnable = await checked(real, line.texts.get('key-password'))
    // Shown once it is right: what is in a wrong place is not known for a secret.
    const text = described(plan)
    if (printsOnly) {
      process.stdout.write(text)
      return 0
    }
    process.stderr.write(text)
    return await serve(line, runnable, plan.socketMode, () => {
      // It has been read.
      htpasswd?.remove()
      if (inBackground) tellForeground()
    })
  } finally {
    htpasswd?.remove()
  }
}

function surroundings({ own }: CommandLine, env: Environment): Surroundings {
  const { values } = readFlags(sharedFlags, own, env)
  const { origin, monitor, 'log-level': level, 'log-format': format } = values
  return {
    exists: existsSync,
    htpasswd: 'htpasswd',
    origins: origin,
    log: defined({ level, format }),
    monitor,
  }
}

async function serve(
  line: CommandLine,
  runnable: Runnable,
  socketMode: number | undefined,
  listening: () => void,
): Promise<number> {
  const logFile = line.texts.get('log-file')
  const log = logFile === undefined ? undefined : openLog(logFile)
  try {
    const endings = new Endings({
      runOnce: line.switches.has('run-once'),
      timeout: (line.seconds.get('timeout') ?? 0) * 1000,
      idleTimeout: (line.seconds.get('idle-timeout') ?? 0) * 1000,
    })
    // Set before the socket is made: between listening and a chmod anybody could connect.
    const umask = socketMode === undefined ? undefined : process.umask(0o777 & ~socketMode)
    return await run({
      ...runnable,
      ...(log && { logger: createLogger({ ...runnable.config.log, output: log }) }),
      sessionOpened: endings.sessionOpened,
      ready: (gateway, stop) => {
        if (umask !== undefined) process.umask(umask)
        endings.started(gateway, stop)
        listening()
      },
    })
  } finally {
    if (log !== undefined) await new Promise<void>((done) => log.end(done))
  }
}

type Runnable = Pick<RunOptions, 'config' | 'certificates'>

/** The configuration, checked; a key that has a password is opened and kept in memory. */
async function checked(plan: Plan, keyPassword: string | undefined): Promise<Runnable> {
  const { certificate } = plan
  if (certificate === undefined || keyPassword === undefined) {
    return { config: await configOf(plan, readRegularFile) }
  }
  const key = await openKey(certificate.key, keyPassword)
  const keyPath = resolve(certificate.key)
  const config = await configOf(plan, async (path) =>
    resolve(path) === keyPath ? Buffer.from(key) : await readRegularFile(path),
  )
  const cert = (await readRegularFile(certificate.cert)).toString()
  return {
    config: withoutCertificates(config),
    certificates: [{ cert, key, source: certificate.cert }],
  }
}

/** @throws {ConfigError} in the words of the command line */
async function configOf(
  { config, places }: Plan,
  read: (path: string) => Promise<Buffer>,
): Promise<Config> {
  try {
    return (await configFromObject(config, { folder: process.cwd(), readFile: read })).config
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const problems = error.problems.map((problem) => {
      const [, written] = places.find(([place]) => problem.startsWith(place)) ?? []
      return written === undefined ? problem : `${written}${problem.slice(problem.indexOf(': '))}`
    })
    throw new ConfigError(problems, { cause: error })
  }
}

function withoutCertificates(config: Config): Config {
  const listeners = Object.entries(config.listeners).map(
    ([name, { tls, ...listener }]): [string, ListenerConfig] => [
      name,
      { ...listener, ...(tls && { tls: { ...tls, certificates: [] } }) },
    ],
  )
  return { ...config, listeners: Object.fromEntries(listeners) }
}

/** The configuration as a file, what is to be known of it as comments on top. */
function described({ config, warnings, password }: Plan): string {
  const remarks = [...warnings]
  if (password !== undefined) remarks.push('htpasswd: made by `htpasswd -B -c htpasswd USER`')
  return [...remarks.map((text) => `# ${text}\n`), shownConfig(config)].join('')
}

/** The line in the process list would show them to everybody on this machine. */
function hidePasswords({ texts }: CommandLine): void {
  const secret = ['key-password', 'auth-source', 'token-source'] as const
  if (secret.some((name) => texts.has(name))) process.title = 'drawbridge websockify'
}

/** @throws where it cannot be written */
function openLog(path: string): Writable {
  const stream = createWriteStream(path, { fd: openSync(path, 'a', 0o640) })
  // A full disk is no reason to end sessions.
  stream.on('error', () => undefined)
  return stream
}
