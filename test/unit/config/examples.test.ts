import { randomBytes } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mintSelfSigned } from '../../../src/cli/mint.ts'
import { loadConfig } from '../../../src/config/load.ts'
import { problemsOf } from './config-text.ts'

const examples = join(import.meta.dirname, '../../../config')
let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'drawbridge-examples-'))
  await cp(examples, join(root, 'config'), { recursive: true })
  await mkdir(join(root, 'certs'))
  const { cert, key } = await mintSelfSigned(['localhost'])
  await writeFile(join(root, 'certs/localhost.crt'), cert)
  await writeFile(join(root, 'certs/localhost.key'), key)
})

afterAll(async () => {
  await rm(root, { recursive: true })
})

test('every example loads without a warning, once the certificate it names is there', async () => {
  const files = (await readdir(examples)).filter(
    (name) => name.endsWith('.yaml') && name !== 'api-keys.yaml',
  )
  expect(files.sort()).toEqual(['app.yaml', 'auth.yaml', 'bridge.yaml', 'sidecar.yaml'])
  const env = { JWT_SECRET: randomBytes(32).toString('hex') }
  for (const name of files) {
    const { warnings } = await loadConfig({ file: join(root, 'config', name), env })
    expect(warnings).toEqual([])
  }
})

test('the sidecar takes everything from its environment', async () => {
  const env = {
    LISTEN: '[::1]:81',
    UPSTREAM: 'unix:/run/app',
    MONITOR: '127.0.0.1:1',
    PROXIES: 'unix',
    ORIGIN: '*',
  }
  const { config } = await loadConfig({ file: join(examples, 'sidecar.yaml'), env })
  expect(config).toMatchObject({
    listeners: { edge: { bind: { host: '::1', port: 81 } } },
    trustedProxies: ['unix'],
    upstreams: { app: { servers: [{ server: { kind: 'unix', path: '/run/app' } }] } },
    routes: [{ origins: ['*'] }],
    monitor: { bind: { host: '127.0.0.1', port: 1 } },
  })
})

test('a wrong variable is told by its name', async () => {
  const file = join(examples, 'sidecar.yaml')
  const [line] = await problemsOf(loadConfig({ file, env: { LISTEN: 'hunter2' } }))
  expect(line).toMatch(
    /listeners\.edge\.bind: found a value from \$\{LISTEN\}, expected an address/,
  )
})
