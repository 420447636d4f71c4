/** One host that a SRV record names. */
export interface Service {
  /** Lower case, without a trailing dot. */
  readonly host: string
  readonly port: number
  /** As the record has it: 0 to 65535. */
  readonly weight: number
}

/**
 * One of the services, by their weights. One without weight gets a small chance beside others, as
 * RFC 2782 wants it.
 * @param services at least one
 * @param random from 0 up to but not including 1
 */
export function chooseService(
  services: readonly Service[],
  random: number,
): Pick<Service, 'host' | 'port'> {
  let left = random * services.reduce((sum, service) => sum + shareOf(service), 0)
  const chosen = services.find((service) => (left -= shareOf(service)) < 0) ?? services[0]!
  return { host: chosen.host, port: chosen.port }
}

/** Above 0, relative to the others'. */
export function shareOf({ weight }: Service): number {
  return Math.max(weight, 1)
}
