import type { Balance } from '../../config/balance.ts'
import type { Balancer } from './balancer.ts'
import { leastConnections } from './least-connections.ts'
import { randomTwo } from './random-two.ts'
import { rendezvous } from './rendezvous.ts'
import { roundRobin } from './round-robin.ts'

/** The balancer that a configuration names. */
export function buildBalancer(balance: Balance): Balancer {
  if (typeof balance !== 'string') return rendezvous
  switch (balance) {
    case 'round-robin':
      return roundRobin
    case 'least-connections':
      return leastConnections
    case 'random-two':
      return randomTwo()
  }
}
