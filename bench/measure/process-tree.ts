import { readFileSync, readdirSync } from 'node:fs'

/** A process and all that it has started, by their ids: nginx and websockify serve in children. */
export function processTree(root: number): number[] {
  const found = [root]
  // Grows while it is walked.
  for (const pid of found) {
    for (const task of tasks(pid)) {
      const children = read(`/proc/${pid}/task/${task}/children`).trim()
      if (children !== '') found.push(...children.split(' ').map(Number))
    }
  }
  return found
}

/**
 * CPU time that these processes have used, user and system, in microseconds. From the scheduler's
 * own count of each thread, which is exact to the nanosecond: the times of /proc/PID/stat are in
 * hundredths of a second. What threads that have ended used is not in it; no peer ends any while it
 * is measured.
 */
export function cpuUs(pids: readonly number[]): number {
  let ns = 0
  for (const pid of pids) {
    for (const task of tasks(pid)) {
      ns += Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ', 1)[0])
    }
  }
  return ns / 1000
}

/** CPU time that all cores have spent on anything, or were kept from spending, in microseconds. */
export function machineCpuUs(): number {
  const [, ...ticks] = read('/proc/stat').split('\n', 1)[0]!.split(/ +/)
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = ticks.map(Number)
  // A tick is a hundredth of a second wherever Linux runs Node.
  return (user + nice + system + irq + softirq + steal) * 10_000
}

/**
 * Memory of these processes in bytes. Proportional: what several of them share, such as libraries
 * and pages not written since a fork, counts once in the sum.
 */
export function memoryBytes(pids: readonly number[]): number {
  let kib = 0
  for (const pid of pids) {
    kib += Number(/^Pss:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0)
  }
  return kib * 1024
}

function tasks(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    // It has ended: it uses nothing any more.
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // The same.
    return ''
  }
}
