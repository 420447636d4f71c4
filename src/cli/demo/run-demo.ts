import { Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { parseBind } from '../../config/bind-address.ts'
import { configFromObject } from '../../config/load.ts'
import { createLogger, type Logger } from '../../observe/logger.ts'
import { run } from '../../runtime/run.ts'
import { certificateInMemory } from '../memory-certificate.ts'
import { UsageError } from '../usage-error.ts'
import { startApp } from './app.ts'
import { startGatehouse } from './gatehouse.ts'

const pageFolder = fileURLToPath(new URL('page', import.meta.url))

/**
 * Serves the demo at `bind`, which came from the flag or variable `source`. @returns the exit code
 */
export async function runDemo(bind: string, source: string): Promise<number> {
  if (parseBind(bind) === undefined) {
    throw new UsageError(`${source}: expected host:port, [v6]:port or unix:/path`)
  }
  const app = await startApp()
  const gatehouse = await startGatehouse()
  try {
    const input = demoConfig(bind, app.url, gatehouse.url)
    const { config } = await configFromObject(input, { folder: process.cwd() })
    const options = await certificateInMemory(config)
    return await run({
      ...options,
      logger: logToBoth(
        createLogger({ ...config.log, output: process.stdout }),
        createLogger({
          level: 'info',
          format: 'json',
          output: linesTo((line) => app.record(line)),
        }),
      ),
      ready: (gateway) => {
        // Not to stdout, which is the log: whoever reads that expects lines of one kind.
        process.stderr.write(invitation(gateway.addresses.get('edge')?.port ?? bind))
      },
    })
  } finally {
    app.close()
    gatehouse.close()
  }
}

/** What a configuration file for the demo would say; the page shows what each route does. */
function demoConfig(bind: string, app: string, gatehouse: string): object {
  return {
    listeners: { edge: { bind } },
    upstreams: {
      app: { servers: [app] },
      gatehouse: { servers: [gatehouse] },
      // Nothing listens on the port of TCP's own echo service any more.
      nobody: { servers: ['http://127.0.0.1:7'] },
    },
    routes: [
      { name: 'chat', match: { path: '/chat' }, proxy: 'app' },
      { name: 'gatehouse', match: { path: '/gatehouse' }, bridge: 'gatehouse' },
      { name: 'records', match: { path: '/records' }, proxy: 'app' },
      { name: 'small', match: { path: '/small' }, limits: { message: '1KiB' }, proxy: 'app' },
      {
        name: 'partners',
        match: { path: '/partners' },
        origins: 'https://partner.example',
        proxy: 'app',
      },
      { name: 'broken', match: { path: '/broken' }, proxy: 'nobody' },
      { name: 'page', match: { path: '/*' }, static: pageFolder },
    ],
  }
}

function logToBoth(first: Logger, second: Logger): Logger {
  const both =
    (level: 'debug' | 'info' | 'warn' | 'error' | 'fatal'): Logger['info'] =>
    (fields, message) => {
      first[level](fields, message)
      second[level](fields, message)
    }
  return {
    debug: both('debug'),
    info: both('info'),
    warn: both('warn'),
    error: both('error'),
    fatal: both('fatal'),
    child: (bindings) => logToBoth(first.child(bindings), second.child(bindings)),
  }
}

function linesTo(take: (line: string) => void): Writable {
  return new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      take(line)
      done()
    },
  })
}

function invitation(where: string | number): string {
  const address = typeof where === 'number' ? `https://localhost:${where}` : where
  return `\n  The demo is at ${address}\n  Its certificate was made just now and is trusted by nobody: let the browser pass.\n\n`
}
