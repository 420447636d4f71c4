/** What is known of a service behind a bridge by the protocol that it speaks. */
export interface Preset {
  readonly subprotocols: readonly string[]
  /** How the service begins, where it speaks first: ASCII. */
  readonly greeting?: string
  /** Milliseconds; undefined as for any other route. */
  readonly idle?: number
}

const hour = 3_600_000

export const protocols = ['vnc', 'ssh', 'mqtt', 'redis', 'postgres', 'raw'] as const

export type Protocol = (typeof protocols)[number]

/**
 * What a route's `protocol` sets. People leave desktops and shells alone for a working day; a
 * client of MQTT says something within its keep-alive time, which is seldom over 20 minutes.
 */
export const presets: Readonly<Record<Protocol, Preset>> = {
  // RFC 6143 section 7.1.1.
  vnc: { subprotocols: ['binary'], greeting: 'RFB ', idle: 12 * hour },
  // RFC 4253 section 4.2. The lines that it allows before this one hardly any server sends.
  ssh: { subprotocols: ['binary'], greeting: 'SSH-', idle: 12 * hour },
  // MQTT 5.0 and 3.1.1, section 6; mqttv3.1 is what came before.
  mqtt: { subprotocols: ['mqtt', 'mqttv3.1'], idle: hour / 2 },
  redis: { subprotocols: ['binary'], idle: hour },
  postgres: { subprotocols: ['binary'], idle: hour },
  raw: { subprotocols: ['binary'] },
}
