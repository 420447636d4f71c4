import type { FlagSpecs } from './flags.ts'

/** Flags that a configuration file does not rule out: they override what it says. */
export const overrideFlags = {
  monitor: {
    kind: 'text',
    describe: 'Serve /livez, /readyz and /metrics at this address, such as 127.0.0.1:9900',
  },
  'log-level': {
    kind: 'text',
    describe: 'The least that is logged: trace, debug, info, warn, error, fatal or silent',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  },
  'log-format': {
    kind: 'text',
    describe: 'How it is logged: auto (pretty on a terminal, else json), pretty or json',
    choices: ['auto', 'pretty', 'json'],
  },
} as const satisfies FlagSpecs

/** Flags that stand for a whole configuration: one listener, one upstream, one route. */
export const singleRouteFlags = {
  to: {
    kind: 'text',
    describe:
      'Where everything goes: http, https, ws or wss URLs are proxied, tcp and tls ones bridged, unix:/path is HTTP unless --bridge',
  },
  listen: {
    kind: 'text',
    describe:
      'Where to listen: host:port, [v6]:port or unix:/path; by default 0.0.0.0:8080, with TLS 0.0.0.0:8443',
  },
  'tls-cert': { kind: 'text', describe: 'PEM file with the certificate and its chain' },
  'tls-key': { kind: 'text', describe: 'PEM file with the private key of --tls-cert' },
  'tls-self-signed': {
    kind: 'switch',
    describe: 'End TLS with a certificate that is made now, kept in memory and trusted by nobody',
  },
  origin: {
    kind: 'list',
    describe:
      'A web origin whose pages may connect, such as https://app.example.com; may be repeated; by default the same origin only; "*" is any',
  },
  web: {
    kind: 'text',
    describe: 'Serve the files of this folder too; the bridge is then at /websockify',
  },
  bridge: { kind: 'switch', describe: 'Treat the unix socket of --to as raw bytes, not as HTTP' },
} as const satisfies FlagSpecs

export const serveFlags = {
  config: { kind: 'text', describe: 'The configuration file (YAML or JSON)' },
  ...singleRouteFlags,
  ...overrideFlags,
} as const satisfies FlagSpecs

export type ServeFlags = typeof serveFlags
