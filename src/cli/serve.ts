import { defineCommand } from './command.ts'
import { configFile } from './config-file.ts'
import type { Flags } from './flags.ts'
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
    const { serveFile, serveFlagsAlone } = await import('./serving.ts')
    if (flags.values.to !== undefined) return await serveFlagsAlone(flags)
    const file = configFile(flags.values.config)
    if (file === undefined) throw new UsageError('say what to serve: --config FILE or --to URL')
    return await serveFile(file, flags)
  },
})

/**
 * A file says everything, or flags do. A flag that a file would silently outvote (an origin, say)
 * is an error, and so is its variable: what someone has set is either in force or refused.
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
