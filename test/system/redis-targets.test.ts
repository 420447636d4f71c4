import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { RedisLookup } from '../../src/upstream/targets/redis-lookup.ts'
import { Secret } from '../../src/config/secret.ts'
import { Program, runProgram } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch, freePort } from '../support/scratch.ts'
import { find, lookupSuite } from '../unit/upstream/targets/lookup-suite.ts'

const password = 'correct horse battery staple'

describeWith(['redis-server', 'redis-cli'], 'targets in a Redis server', () => {
  const scratch = new Scratch()
  let port: number
  let redis: Program
  let lookup: RedisLookup

  async function start(): Promise<void> {
    redis = new Program('redis-server', [
      ['--port', String(port), '--bind', '127.0.0.1', '--requirepass', password],
      ['--save', '', '--appendonly', 'no', '--dir', scratch.path],
    ])
    await redis.says(/Ready to accept connections/)
  }

  async function cli(...args: string[]): Promise<void> {
    const to = [
      '-h',
      '127.0.0.1',
      '-p',
      String(port),
      '-n',
      '3',
      '-a',
      password,
      '--no-auth-warning',
    ]
    await runProgram('redis-cli', [...to, ...args])
  }

  beforeAll(async () => {
    port = await freePort()
    await start()
    lookup = connect()
  })
  afterEach(async () => {
    if (redis.child.exitCode !== null) await start()
  })
  afterAll(async () => {
    lookup.close()
    await redis.stop()
    scratch.remove()
  })

  function connect(namespace = 'vnc'): RedisLookup {
    return new RedisLookup({
      kind: 'redis',
      host: '127.0.0.1',
      port,
      db: 3,
      password: new Secret(password),
      tls: false,
      namespace,
      timeout: 5_000,
    })
  }

  lookupSuite('by way of one connection', {
    lookup: () => lookup,
    store: (token, value) => cli('SET', `vnc:${token}`, value),
    remove: (token) => cli('DEL', `vnc:${token}`),
    fail: async () => {
      await redis.stop()
    },
  })

  test('JSON as websockify stores it', async () => {
    await cli('SET', 'vnc:json', '{"host":"10.0.0.1:5000"}')
    expect(await find(lookup, 'json')).toBe('10.0.0.1:5000')
  })

  test('without a namespace the key is the token', async () => {
    await cli('SET', 'bare', '10.0.0.1:5000')
    const bare = connect('')
    expect(await find(bare, 'bare')).toBe('10.0.0.1:5000')
    expect(await find(lookup, 'bare')).toBe('unknown')
    bare.close()
  })

  test('what is no text is no token, and what is no target is target-unavailable', async () => {
    await cli('LPUSH', 'vnc:list', '10.0.0.1:5000')
    await cli('SET', 'vnc:word', 'hello')
    expect(await find(lookup, 'list')).toBe('unknown')
    expect(await find(lookup, 'word')).toBe('target-unavailable')
  })

  test('a server that comes back is asked again', async () => {
    await cli('SET', 'vnc:back', '10.0.0.1:5000')
    expect(await find(lookup, 'back')).toBe('10.0.0.1:5000')
    await redis.stop()
    expect(await find(lookup, 'back')).toBe('target-unavailable')
    await start()
    await cli('SET', 'vnc:back', '10.0.0.2:5000')
    expect(await find(lookup, 'back')).toBe('10.0.0.2:5000')
  })
})
