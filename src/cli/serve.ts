import type { Config } from '../config/config.ts'
import { parseBind } from '../config/bind-address.ts'
import { configFromObject, loadConfig, type Loaded } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import { run } from '../runtime/run.ts'
import { defineCommand } from './command.ts'
import { configFile } from './config-file.ts'
import { configOfFlags, errorOfFlags } from './flag-config.ts'
import type { Flags } from './flags.ts'
import { certificateInMemory } from './memory-certificate.ts'
import { serveFlags, singleRouteFlags, type ServeFlags } from './serve-flags.ts'
import { UsageError } from './usage-error.ts'

export const serve = defineCommand({
  usage: 'serve',
  summary: 'Serve a configuration file, or one upstream given by flags',
  flags: serveFlags,
  examples: [
    ['$0 --config drawbridge.yaml', 'Everything that the file says'],
    ['$0 --to http://127.0.0.1:3000', 'An application, on port 8080'],
    [
      '$0 --to tcp://127.0.0.1:5900 --web novnc --tls-self-signed',
      'VNC for browsers, on port 8443',
    ],
  ],
  async run(flags) {
    checkModes(flags)
    if (flags.values.to !== undefined) return await serveFlagsAlone(flags)
    const file = configFile(flags.values.config)
    if (file === undefined) throw new UsageError('say what to serve: --config FILE or --to URL')
    return await serveFile(file, flags)
  },
})

/**
 * A file says everything, or flags do. A flag that a file would silently outvote (an origin, say) is an error, and so is
 * its variable: what someone has set is either in force or refused.
 */
function checkModes({ values, sources }: Flags<ServeFlags>): void {
  const given = Object.keys(singleRouteFlags).find((name) => name in sources)
  if (given === undefined) return
  const source = Object.entries(sources).find(([name]) => name === given)?.[1]
  if (values.config !== undefined) {
    throw new UsageError(
      `${source}: cannot go with ${sources.config}, which says where everything goes`,
    )
  }
  if (values.to === undefined) throw new UsageError(`${source}: needs --to`)
}

async function serveFile(file: string, flags: Flags<ServeFlags>): Promise<number> {
  const { config, warnings } = await loadConfig({ file, env: process.env })
  tell(warnings)
  return await run({ config: overridden(config, flags) })
}

async function serveFlagsAlone(flags: Flags<ServeFlags>): Promise<number> {
  const { config, warnings } = await loadFlags(flags)
  tell(warnings)
  if (flags.values['tls-self-signed'] !== true) return await run({ config })
  return await run(await certificateInMemory(config))
}

async function loadFlags(flags: Flags<ServeFlags>): Promise<Loaded> {
  try {
    return await configFromObject(configOfFlags(flags), { folder: process.cwd() })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw errorOfFlags(error, flags.sources)
  }
}

/** The file's configuration with what flags override. */
function overridden(config: Config, { values, sources }: Flags<ServeFlags>): Config {
  const bind = values.monitor === undefined ? undefined : parseBind(values.monitor)
  if (values.monitor !== undefined && bind === undefined) {
    throw new UsageError(`${sources.monitor}: expected host:port, [v6]:port or unix:/path`)
  }
  return {
    ...config,
    ...(bind !== undefined && { monitor: { bind } }),
    log: {
      level: values['log-level'] ?? config.log.level,
      format: values['log-format'] ?? config.log.format,
    },
  }
}

function tell(warnings: readonly string[]): void {
  for (const warning of warnings) process.stderr.write(`${warning}\n`)
}
