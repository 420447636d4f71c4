import type { Config } from '../config/config.ts'
import { parseBind } from '../config/bind-address.ts'
import { configFromObject, loadConfig, type Loaded } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import { run } from '../runtime/run.ts'
import { configOfFlags, errorOfFlags } from './flag-config.ts'
import type { Flags } from './flags.ts'
import type { ServeFlags } from './serve-flags.ts'
import { UsageError } from './usage-error.ts'

/** Serves what a file says, with what flags override. @returns the exit code */
export async function serveFile(file: string, flags: Flags<ServeFlags>): Promise<number> {
  const { config, warnings } = await loadConfig({ file, env: process.env })
  tell(warnings)
  return await run({ config: overridden(config, flags) })
}

/** Serves what flags alone say. @returns the exit code */
export async function serveFlagsAlone(flags: Flags<ServeFlags>): Promise<number> {
  const { config, warnings } = await loadFlags(flags)
  tell(warnings)
  if (flags.values['tls-self-signed'] !== true) return await run({ config })
  // Most gateways have their certificates in files: what mints one is loaded where it is needed.
  const { certificateInMemory } = await import('./memory-certificate.ts')
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
