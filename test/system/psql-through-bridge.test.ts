import { chownSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bridgeTo, startGateway } from '../support/gateway.ts'
import type { RunningGateway } from '../support/gateway.ts'
import type { Peer } from '../support/peers.ts'
import { Program, runProgram } from '../support/program.ts'
import type { Result } from '../support/program.ts'
import { describeWith } from '../support/programs.ts'
import { Scratch } from '../support/scratch.ts'
import { websocketTunnel } from '../support/websocket-tunnel.ts'

/** PostgreSQL refuses to run as root; this is Debian's nobody. */
const nobody = 65_534
const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}

describeWith(['postgres', 'initdb', 'psql'], 'psql through a bridge', () => {
  const scratch = new Scratch()
  let postgres: Program
  let gateway: RunningGateway
  let tunnel: Peer

  beforeAll(async () => {
    const data = join(scratch.path, 'data')
    mkdirSync(data, { mode: 0o700 })
    for (const path of [scratch.path, data]) chownSync(path, user.uid ?? -1, user.gid ?? -1)
    const initialized = await runProgram(
      'initdb',
      [['--pgdata', data], ['--username', 'bridge'], ['--auth', 'trust'], '--no-sync'],
      { ...user, cwd: data },
    )
    expect(initialized).toMatchObject({ code: 0, stderr: expect.any(String) })
    // No TCP at all: the bridge leads to its unix socket.
    postgres = new Program(
      'postgres',
      [
        ['-D', data],
        ['-k', scratch.path],
        ['-c', 'listen_addresses='],
        ['-c', 'fsync=off'],
      ],
      { ...user, cwd: data },
    )
    await postgres.says(/ready to accept connections/)
    const { ca, cert, key } = await scratch.certificate(['localhost'])
    gateway = await startGateway(
      bridgeTo(`unix:${join(scratch.path, '.s.PGSQL.5432')}`, {
        listeners: { edge: { bind: '127.0.0.1:0', tls: { certificates: [{ cert, key }] } } },
        routes: [{ name: 'main', bridge: 'backend', protocol: 'postgres' }],
      }),
    )
    tunnel = await websocketTunnel(`wss://localhost:${gateway.port()}/`, ca)
  })

  afterAll(async () => {
    tunnel?.close()
    gateway?.stop()
    // Fast shutdown: it waits for nobody.
    await postgres?.stop('SIGINT')
    scratch.remove()
  })

  async function query(sql: string): Promise<Result> {
    const place = `host=127.0.0.1 port=${tunnel.port} user=bridge dbname=postgres sslmode=disable`
    return await runProgram('psql', [place, '-XAtq', ['-v', 'ON_ERROR_STOP=1']], { input: sql })
  }

  test('a session of several statements, errors among them', async () => {
    const { code, stdout, stderr } = await query(`
      CREATE TABLE visitor (id int PRIMARY KEY, name text);
      INSERT INTO visitor SELECT at, 'visitor ' || at FROM generate_series(1, 10000) at;
      SELECT count(*), min(name), max(id) FROM visitor;
      INSERT INTO visitor VALUES (1, 'twice');
    `)
    expect(stdout).toBe('10000|visitor 1|10000\n')
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: expect.stringContaining('duplicate key value'),
    })
  })

  test('8 MiB come in one row, and 100,000 rows in one COPY', async () => {
    const row = await query(`SELECT repeat('drawbridge', 838861)`)
    expect(row.stdout === `${'drawbridge'.repeat(838_861)}\n`).toBe(true)
    const copied = await query(`COPY (SELECT generate_series(1, 100000)) TO STDOUT`)
    expect(copied.stdout.split('\n')).toHaveLength(100_001)
    expect(copied.stdout.endsWith('\n99999\n100000\n')).toBe(true)
  })

  test('a session that psql ends is no failure', async () => {
    await query('SELECT 1')
    const { id } = gateway.log.lines.findLast(({ msg }) => msg === 'session opened')!
    const closed = await gateway.log.line('session closed', { id })
    expect(closed).toMatchObject({ subprotocol: 'binary', reason: '' })
    expect(closed).not.toHaveProperty('error')
  })
})
