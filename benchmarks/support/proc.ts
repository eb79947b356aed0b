import { readFileSync } from 'node:fs'

/** Linux counts CPU time of a process in hundredths of a second, whatever the kernel's own tick is. */
const TICKS_PER_SECOND = 100

export interface CpuTime {
  userS: number
  systemS: number
}

/** CPU time of a process and all its threads since it started, seen from outside. */
export function cpuOf(pid: number): CpuTime {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  // The second field is the name in brackets and may hold spaces: count from behind it (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    userS: Number(fields[11]) / TICKS_PER_SECOND,
    systemS: Number(fields[12]) / TICKS_PER_SECOND,
  }
}

export function totalS({ userS, systemS }: CpuTime): number {
  return userS + systemS
}

/** Resident set of a process in bytes. */
export function residentBytes(pid: number): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))
  return Number(line?.[1] ?? 0) * 1024
}
