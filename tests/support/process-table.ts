import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** A live process of this machine. */
export interface ProcessEntry {
  pid: number
  group: number
  command: string
}

type Row = ProcessEntry & { state: string }

const STAT = /^(\d+) \(.*\) (\S) \d+ (\d+) /s
const PS = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/

/** One process from /proc; undefined when it has gone meanwhile. */
function fromProc(pid: string): Row | undefined {
  try {
    const [, , state = '', group] = STAT.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid: Number(pid), group: Number(group), state, command }
  } catch {
    return undefined
  }
}

/** Small Linux images have no ps, other systems no /proc. */
function table(): Row[] {
  if (existsSync('/proc/self/stat'))
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => fromProc(pid) ?? [])
  const lines = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat=,args='], { encoding: 'utf8' })
  return lines.split('\n').flatMap((line) => {
    const [, pid, group, state = '', command = ''] = PS.exec(line) ?? []
    return pid === undefined ? [] : [{ pid: Number(pid), group: Number(group), state, command }]
  })
}

/** The processes of one process group that are alive; a zombie that waits to be reaped is not. */
export function processesOfGroup(group: number): ProcessEntry[] {
  return table().filter((row) => row.group === group && !row.state.startsWith('Z'))
}
