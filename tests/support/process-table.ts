import { execFileSync } from 'node:child_process'

/** A live process of this machine. */
export interface ProcessEntry {
  pid: number
  group: number
  command: string
}

const ROW = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/

/** The processes of one process group that are alive; a zombie that waits to be reaped is not. */
export function processesOfGroup(group: number): ProcessEntry[] {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,pgid=,stat=,args='], { encoding: 'utf8' })
  return table.split('\n').flatMap((line) => {
    const [, pid, pgid, state = '', command = ''] = ROW.exec(line) ?? []
    if (Number(pgid) !== group || state.startsWith('Z')) return []
    return [{ pid: Number(pid), group, command }]
  })
}
