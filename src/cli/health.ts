import { request } from 'node:http'
import { formatBind, parseBind, type BindAddress } from '../config/bind-address.ts'
import { defineCommand } from './command.ts'
import { configFile } from './config-file.ts'
import { UsageError } from './usage-error.ts'

/** A process that takes longer to say that it lives is not healthy. */
const answerMs = 3_000

export const health = defineCommand({
  usage: 'health',
  summary: 'Ask a running gateway whether it lives: exit code 0 or 1',
  flags: {
    monitor: { kind: 'text', describe: 'Where its monitor listens, such as 127.0.0.1:9900' },
    config: { kind: 'text', describe: 'The configuration file that says where' },
  },
  examples: [
    ['$0 health --monitor 127.0.0.1:9900', 'As a container’s health check'],
    ['$0 health --config drawbridge.yaml', 'The monitor of a configuration file'],
  ],
  async run({ values, sources }) {
    const bind =
      values.monitor === undefined ? await monitorOfFile(values.config) : parseBind(values.monitor)
    if (bind === undefined) {
      throw new UsageError(
        `${sources.monitor ?? '--monitor'}: expected host:port, [v6]:port or unix:/path`,
      )
    }
    const status = await askLivez(bind)
    if (status !== 200) throw new Error(`${formatBind(bind)} answered ${status}`)
    process.stdout.write('ok\n')
    return 0
  },
})

async function monitorOfFile(named: string | undefined): Promise<BindAddress> {
  const file = configFile(named)
  if (file === undefined) throw new UsageError('--monitor or --config: say where the monitor is')
  const { loadConfig } = await import('../config/load.ts')
  const { config } = await loadConfig({ file, env: process.env })
  if (config.monitor === undefined) throw new Error(`${file}: has no monitor`)
  return config.monitor.bind
}

async function askLivez(bind: BindAddress): Promise<number | undefined> {
  const where =
    bind.kind === 'unix'
      ? { socketPath: bind.path }
      : { host: reachable(bind.host), port: bind.port }
  return await new Promise((resolve, reject) => {
    const fail = (reason: string) =>
      reject(new Error(`${formatBind(bind)} does not answer: ${reason}`))
    const asked = request({
      ...where,
      path: '/livez',
      agent: false,
      signal: AbortSignal.timeout(answerMs),
    })
    asked.once('response', (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asked.once('error', (error) =>
      fail(error.name === 'AbortError' ? `nothing for ${answerMs / 1000} s` : error.message),
    )
    asked.end()
  })
}

/** An address that stands for all of a machine's is where to listen, not whom to ask. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
