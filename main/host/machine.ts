import { readFileSync } from 'node:fs'
import { cpus, freemem, totalmem } from 'node:os'
import type { Environment, MachineLimits } from '../../simulators/index.ts'

/** Ephemeral ports where the system does not say: the defaults of macOS and Windows. */
const USUAL_PORTS = 16_384

/** Limits of this machine that a run may meet. */
export function readMachineLimits(): MachineLimits {
  return {
    platform: process.platform,
    openFiles: readOpenFiles(),
    ephemeralPorts: readEphemeralPorts(),
    memoryBytes: freemem(),
    cores: cpus().length,
  }
}

/** What a report says of the machine it was made on. */
export function readEnvironment(version: string): Environment {
  return {
    flotilla: version,
    node: process.versions.node,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    clock: 'devices and probe on one machine, one monotonic clock',
  }
}

/** File handles that each worker may have: Node raises the soft limit to the hard one when it starts. */
function readOpenFiles(): number | null {
  if (process.platform === 'win32') return null
  const { userLimits } = process.report.getReport() as {
    userLimits?: { open_files?: { hard?: number | string } }
  }
  const hard = userLimits?.open_files?.hard
  return typeof hard === 'number' ? hard : null
}

function readEphemeralPorts(): number | null {
  if (process.platform !== 'linux') return USUAL_PORTS
  try {
    const [first, last] = readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8')
      .trim()
      .split(/\s+/)
      .map(Number)
    return first && last && last >= first ? last - first + 1 : null
  } catch {
    return null
  }
}
