import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findProgram } from './machine.ts'

/** `relay` is Drawbridge too: what a bridge is compared with. `node` is no product but a floor. */
export type PeerName =
  | 'drawbridge'
  | 'relay'
  | 'haproxy'
  | 'nginx'
  | 'caddy'
  | 'http-proxy'
  | 'node'
  | 'websockify'

/** What a peer's configuration may name; the files in bench/peers have `${NAME}` for it. */
export interface Settings {
  readonly PLAIN_PORT: string
  readonly TLS_PORT: string
  /** The backend's port for HTTP and WebSockets, and that for bytes. */
  readonly WEB_PORT: string
  readonly TCP_PORT: string
  /** Where Drawbridge tells of itself. */
  readonly MONITOR_PORT: string
  readonly CERT: string
  readonly KEY: string
  /** Certificate and key in one file. */
  readonly PAIR: string
  /** A folder for what a program must write. */
  readonly FOLDER: string
  /** The limit of open files, and the connections that fit, at two files each. */
  readonly MAX_FILES: string
  readonly MAX_CONNECTIONS: string
}

export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

export interface Peer {
  readonly title: string
  /** The program that must be there, and the command that brings it. */
  readonly needs: { readonly program: string; readonly install: string } | undefined
  /** One line with a version in it. */
  version(): string
  /** @param write puts a filled file of bench/peers where the program may read it. @returns its path */
  command(settings: Settings, write: (file: string) => string): Command
}

const root = join(import.meta.dirname, '..')

const drawbridge: Peer = {
  title: 'Drawbridge',
  needs: undefined,
  version: () => packageVersion(join(root, 'package.json')),
  command: (_settings, write) => ({
    program: process.execPath,
    args: [join(root, 'bin/drawbridge.js'), 'serve', '--config', write('drawbridge.yaml')],
  }),
}

/** Every one serves with one thread, keeps connections on both sides, and logs no requests. */
export const peers: Readonly<Record<PeerName, Peer>> = {
  drawbridge,
  relay: { ...drawbridge, title: 'Drawbridge, as a relay' },
  haproxy: {
    title: 'HAProxy',
    needs: { program: 'haproxy', install: 'apt-get install haproxy' },
    version: () => said('haproxy', '-v'),
    command: (_settings, write) => ({
      program: 'haproxy',
      args: ['-db', '-f', write('haproxy.cfg')],
    }),
  },
  nginx: {
    title: 'nginx',
    needs: { program: 'nginx', install: 'apt-get install nginx' },
    version: () => said('nginx', '-v'),
    command: (_settings, write) => ({
      program: 'nginx',
      args: ['-e', 'stderr', '-c', write('nginx.conf')],
    }),
  },
  caddy: {
    title: 'Caddy',
    needs: { program: 'caddy', install: 'apt-get install caddy' },
    version: () => said('caddy', 'version'),
    command: (_settings, write) => ({
      program: 'caddy',
      args: ['run', '--adapter', 'caddyfile', '--config', write('Caddyfile')],
    }),
  },
  'http-proxy': {
    title: 'http-proxy',
    needs: undefined,
    version: () => packageVersion(join(root, 'node_modules/http-proxy/package.json')),
    // Where its package is found.
    command: () => ({
      program: process.execPath,
      args: [join(import.meta.dirname, 'peers/http-proxy.mjs')],
    }),
  },
  node: {
    title: 'Node alone',
    needs: undefined,
    version: () => process.versions.node,
    command: () => ({
      program: process.execPath,
      args: [join(import.meta.dirname, 'peers/node-alone.mjs')],
    }),
  },
  websockify: {
    title: 'websockify',
    needs: { program: 'websockify', install: 'apt-get install websockify' },
    version: () => said('dpkg-query', '--show', '--showformat', '${Version}', 'websockify'),
    command: ({ PLAIN_PORT, TCP_PORT }) => ({
      program: 'websockify',
      args: [`127.0.0.1:${PLAIN_PORT}`, `127.0.0.1:${TCP_PORT}`],
    }),
  },
}

/** The environment of every peer: nothing of ours reaches it but this. */
export function peerEnvironment(settings: Settings): NodeJS.ProcessEnv {
  return {
    ...settings,
    PATH: process.env['PATH'],
    HOME: settings.FOLDER,
    NODE_ENV: 'production',
    GOMAXPROCS: '1',
  }
}

/** @returns the file of bench/peers with its `${NAME}`s filled in */
export function filled(file: string, settings: Settings): string {
  const values = new Map(Object.entries(settings))
  const text = readFileSync(join(import.meta.dirname, 'peers', file), 'utf8')
  return text.replaceAll(/\$\{([A-Z_]+)\}/g, (_whole, name: string) => {
    const value: unknown = values.get(name)
    if (typeof value !== 'string') throw new Error(`${file}: nobody knows ${name}`)
    return value
  })
}

function packageVersion(file: string): string {
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

function said(program: string, ...args: string[]): string {
  const { stdout, stderr } = spawnSync(findProgram(program) ?? program, args, { encoding: 'utf8' })
  // nginx says it on stderr.
  return /\d+\.\d[\w.+~-]*/.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[0] ?? 'version unknown'
}
