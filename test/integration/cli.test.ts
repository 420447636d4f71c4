import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { X509Certificate } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from './cli-process.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawbridge-cli-'))
})

afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

const good = `
listeners: { edge: { bind: "127.0.0.1:0" } }
upstreams: { app: { servers: [http://127.0.0.1:3000] } }
routes: [{ proxy: app }]
`

test.each(['serve', 'check', 'schema', 'certs', 'health', 'demo'])(
  '%s has help with an example',
  async (command) => {
    const { code, stdout, stderr } = await runCli([command, '--help'])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Examples:')
  },
)

test('the help names every command', async () => {
  const { code, stdout } = await runCli(['--help'])
  expect(code).toBe(0)
  for (const command of ['serve', 'check', 'schema', 'certs', 'health', 'demo']) {
    expect(stdout).toContain(`drawbridge ${command}`)
  }
})

test('the version is that of the package', async () => {
  const manifest: { version: string } = JSON.parse(await readFile('package.json', 'utf8'))
  expect(await runCli(['--version'])).toMatchObject({ code: 0, stdout: `${manifest.version}\n` })
})

test.each([
  [[], 'say what to serve'],
  [['frobnicate'], 'frobnicate'],
  [['--port', '80'], 'port'],
  [['check', '--to', 'http://a'], 'to'],
  [['--to', 'nonsense'], '--to: expected a URL'],
  [['--to'], 'Not enough arguments following: to'],
  [['--to', 'tcp://127.0.0.1:1', '--listen', 'nonsense'], '--listen: found'],
  [['--to', 'tcp://127.0.0.1:1', '--log-level', 'loud'], '--log-level: found "loud"'],
  [['--config', 'a.yaml', '--to', 'http://a'], '--to: cannot go with --config'],
  [['--config', 'a.yaml', '--origin', 'https://a'], '--origin: cannot go with --config'],
  [['--origin', 'https://a'], '--origin: needs --to'],
  [['certs'], 'Not enough non-option arguments'],
  [['certs', 'x'], '--host: name at least one host'],
  [['certs', 'x', '--host', 'a/b'], '--host: "a/b" is no host name'],
  [['health'], '--monitor or --config'],
  [['health', '--monitor', 'x'], '--monitor: expected host:port'],
])('%j is a usage error', async (args, reason) => {
  const { code, stdout, stderr } = await runCli(args, { cwd: folder })
  expect([code, stdout]).toEqual([2, ''])
  expect(stderr).toContain('Options:')
  expect(stderr.trimEnd().split('\n').at(-1)).toContain(reason)
})

test('a variable that a file rules out is a usage error too', async () => {
  const path = await file('good.yaml', good)
  const { code, stderr } = await runCli(['--config', path], {
    env: { DRAWBRIDGE_ORIGIN: 'https://a.example' },
  })
  expect(code).toBe(2)
  expect(stderr).toContain('DRAWBRIDGE_ORIGIN: cannot go with --config')
})

test('check says ok', async () => {
  const path = await file('good.yaml', good)
  expect(await runCli(['check', '--config', path])).toEqual({ code: 0, stdout: 'ok\n', stderr: '' })
  expect(await runCli(['check'], { env: { DRAWBRIDGE_CONFIG: path } })).toMatchObject({ code: 0 })
})

test('check prints every mistake, one a line, with the file as it was given', async () => {
  await file(
    'bad.yaml',
    'listeners: { edge: { bind: nowhere } }\nroutes: [{ proxy: app }]\nfoo: 1\n',
  )
  const { code, stdout, stderr } = await runCli(['check', '--config', 'bad.yaml'], { cwd: folder })
  expect([code, stdout]).toEqual([1, ''])
  const lines = stderr.trimEnd().split('\n')
  expect(lines).toHaveLength(3)
  for (const line of lines) expect(line).toMatch(/^bad\.yaml:\d+:\d+: .*found .*, expected /)
})

test('a file that is not there is one line', async () => {
  for (const args of [
    ['check', '--config', 'missing.yaml'],
    ['--config', 'missing.yaml'],
  ]) {
    const { code, stderr } = await runCli(args, { cwd: folder })
    expect(code).toBe(1)
    expect(stderr).toMatch(/^missing\.yaml: .*\n$/)
  }
})

test('schema is the file that is kept in config/', async () => {
  const { code, stdout } = await runCli(['schema'])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual(JSON.parse(await readFile('config/schema.json', 'utf8')))
})

test('certs makes an authority once, and leaves that it signs', async () => {
  const dir = join(folder, 'new', 'certs')
  const first = await runCli(['certs', dir, '--host', 'localhost', '127.0.0.1', '--host', '::1'])
  expect(first).toMatchObject({ code: 0, stderr: '' })
  expect(first.stdout).toContain('update-ca-certificates')
  expect((await readdir(dir)).toSorted()).toEqual([
    'ca.crt',
    'ca.key',
    'localhost.crt',
    'localhost.key',
  ])
  for (const key of ['ca.key', 'localhost.key']) {
    expect((await stat(join(dir, key))).mode & 0o777).toBe(0o600)
  }
  const authority = await readFile(join(dir, 'ca.crt'), 'utf8')
  const second = await runCli(['certs', dir, '--host', '*.app.test'])
  expect(second.stdout).toContain('ca.crt is there and stays')
  expect(await readFile(join(dir, 'ca.crt'), 'utf8')).toBe(authority)
  const leaf = new X509Certificate(await readFile(join(dir, '_wildcard.app.test.crt')))
  expect(leaf.verify(new X509Certificate(authority).publicKey)).toBe(true)
  expect(leaf.checkHost('a.app.test')).toBe('*.app.test')
})

test('certs does not touch half of an authority', async () => {
  const dir = await mkdtemp(join(folder, 'half-'))
  await writeFile(join(dir, 'ca.crt'), 'x')
  const { code, stderr } = await runCli(['certs', dir, '--host', 'a.test'])
  expect(code).toBe(1)
  expect(stderr).toMatch(/^drawbridge: .*ca\.crt is there without .*ca\.key.*\n$/)
  expect(await readdir(dir)).toEqual(['ca.crt'])
})

test('health is 1 where nobody answers', async () => {
  const { code, stdout, stderr } = await runCli(['health', '--monitor', '127.0.0.1:1'])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(/^drawbridge: 127\.0\.0\.1:1 does not answer: .*\n$/)
})
