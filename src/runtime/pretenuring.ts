import { setFlagsFromString } from 'node:v8'

/**
 * Has V8 make every object in the young generation. By default it makes those of some kinds in the
 * old one at once, where many of that kind have lived long when it looked. Some that each connection
 * has come to be among them, and as long as nobody collects the old generation, which is rare, they
 * keep all that a connection had, long after it has left: a fifth of everything survived, and was
 * moved for nothing. Without it, handshakes cost a seventh less and collections of the young
 * generation a tenth (`npm run bench -- --only handshakes`; Node 26.10).
 *
 * For a process that is all ours: it holds for everything in it.
 */
export function makeAllYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring')
}
