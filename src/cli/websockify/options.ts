/** An option of websockify's command line, and what becomes of it here. */
export interface OptionSpec {
  /** A `switch` has no value; `seconds` is a whole number, 0 for off; a `text` is anything. */
  readonly kind: 'switch' | 'text' | 'seconds'
  readonly short?: string
  readonly describe: string
  readonly choices?: readonly string[]
  /** Harmless to leave out: a warning says so, and the session works all the same. */
  readonly ignored?: string
  /** Somebody would rely on what is not there: an error says what to use instead. */
  readonly refused?: string
}

/** Every option of websockify 0.10 to 0.13, by its long name. */
export const websockifyOptions = {
  verbose: { kind: 'switch', short: 'v', describe: 'log more: level debug' },
  traffic: {
    kind: 'switch',
    describe: 'not supported',
    ignored: 'frames are not traced; messages and bytes are in the log line of each session’s end',
  },
  record: {
    kind: 'text',
    describe: 'not supported',
    refused: 'sessions are not recorded; capture the target’s side with tcpdump or Wireshark',
  },
  daemon: { kind: 'switch', short: 'D', describe: 'run in the background once it listens' },
  'run-once': { kind: 'switch', describe: 'serve one session and exit' },
  timeout: {
    kind: 'seconds',
    describe: 'take no new sessions after so many seconds, and exit when the last has ended',
  },
  'idle-timeout': {
    kind: 'seconds',
    describe: 'exit after so many seconds without a session or request',
  },
  cert: {
    kind: 'text',
    describe: 'PEM file of the certificate, its key too unless --key; default self.pem if there',
  },
  key: { kind: 'text', describe: 'PEM file of the key' },
  'key-password': { kind: 'text', describe: 'password of the key' },
  'ssl-only': { kind: 'switch', describe: 'refuse clear text; without it both are served' },
  'ssl-target': { kind: 'switch', describe: 'TLS to the target, whose certificate is not checked' },
  'verify-client': {
    kind: 'switch',
    describe: 'require a client certificate; clear text is refused',
  },
  cafile: { kind: 'text', describe: 'PEM file of the authorities of --verify-client' },
  'ssl-version': {
    kind: 'text',
    choices: ['default', 'tlsv1_1', 'tlsv1_2', 'tlsv1_3'],
    describe: 'the oldest TLS version; 1.2 is the least',
  },
  'ssl-ciphers': {
    kind: 'text',
    describe: 'not supported',
    ignored: 'the ciphers are fixed: those of TLS 1.3, and of 1.2 those with ECDHE and AEAD',
  },
  'unix-target': { kind: 'text', describe: 'the target is this unix socket' },
  'unix-listen': { kind: 'text', describe: 'listen on this unix socket' },
  'unix-listen-mode': { kind: 'text', describe: 'its mode in octal; default 0600' },
  inetd: {
    kind: 'switch',
    describe: 'not supported',
    refused: 'no socket is taken over; run it as a service that listens itself',
  },
  web: { kind: 'text', describe: 'serve the files of this folder too' },
  'web-auth': { kind: 'switch', describe: '--auth-plugin is for these files too' },
  'file-only': { kind: 'switch', describe: 'no listings of folders, of which there are none' },
  'wrap-mode': {
    kind: 'text',
    choices: ['exit', 'ignore', 'respawn'],
    describe: 'not supported, as programs are not started',
    ignored: 'it is about a program to start',
  },
  'prefer-ipv6': {
    kind: 'switch',
    short: '6',
    describe: 'listen on [::] where no address is given',
  },
  libserver: {
    kind: 'switch',
    describe: 'not supported',
    ignored: 'there is one engine',
  },
  'target-config': { kind: 'text', describe: 'as --token-plugin TokenFile --token-source FILE' },
  'token-plugin': { kind: 'text', describe: 'how a client’s token becomes a target' },
  'token-source': { kind: 'text', describe: 'what the token plugin reads' },
  'host-token': { kind: 'switch', describe: 'the token is the Host, not ?token=' },
  'auth-plugin': {
    kind: 'text',
    describe: 'BasicHTTPAuth, ExpectOrigin or ClientCertCNAuth',
  },
  'auth-source': { kind: 'text', describe: 'what the auth plugin compares with' },
  heartbeat: { kind: 'seconds', describe: 'ping a client that has been silent for so long' },
  'log-file': { kind: 'text', describe: 'append the log to this file' },
  syslog: {
    kind: 'text',
    describe: 'not supported',
    ignored: 'the log goes to stdout or --log-file; systemd or logger(1) take it from there',
  },
  'legacy-syslog': { kind: 'switch', describe: 'not supported', ignored: 'there is no syslog' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export type OptionName = keyof typeof websockifyOptions

/** As a mapping, for what is typed. */
export const specs: Readonly<Record<string, OptionSpec>> = websockifyOptions
