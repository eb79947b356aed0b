import type { FleetLoadSummary, PlannedLoad } from '../plan/load.ts'
import { wantedShards } from '../plan/shard-count.ts'
import { formatBytes, formatCount, formatRate } from './format.ts'

/** Handles of a process beside its connections: libraries, pipes, the event loop, and a margin. */
const OTHER_HANDLES = 64
/** Resident memory of a process before its first device. */
const PROCESS_BYTES = 60_000_000
const DEVICE_BYTES = 10_000
const TLS_DEVICE_BYTES = 60_000
/** Use of the memory of this machine from which a run is warned of, and from which it is refused. */
const MEMORY_WARNING = 0.6
const MEMORY_LIMIT = 0.95
/** Use of the ephemeral ports from which reconnects may find none: a closed one rests for a minute (TIME_WAIT). */
const PORT_WARNING = 0.8

export interface MachineLimits {
  platform: 'linux' | 'darwin' | 'win32' | string
  /** Per process; null when there is no such limit. */
  openFiles: number | null
  /** Number of ephemeral ports; null when unknown. */
  ephemeralPorts: number | null
  /** Available now. */
  memoryBytes: number
  cores: number
}

export interface PreflightFinding {
  code: 'FILE_HANDLES' | 'EPHEMERAL_PORTS' | 'MEMORY' | 'CPU' | 'CONNECT_RATE'
  message: string
  hint: string
}

export interface Preflight {
  /** The run cannot work. */
  problems: PreflightFinding[]
  /** The run may be disturbed. */
  warnings: PreflightFinding[]
}

type Load = Pick<
  PlannedLoad,
  'devices' | 'peakQos0RateHz' | 'peakQos12RateHz' | 'peakTotalRateHz' | 'perFleet'
>

/** Foretells which limits of this machine a run will meet; `shards` is how many will drive it. */
export function assessPreflight(load: Load, limits: MachineLimits, shards: number): Preflight {
  const found: Preflight = { problems: [], warnings: [] }
  checkHandles(load, limits, shards, found)
  checkPorts(load, limits, found)
  checkMemory(load, limits, shards, found)
  checkCpu(load, limits, shards, found)
  for (const fleet of load.perFleet) checkArrivals(fleet, found)
  return found
}

function checkHandles(
  { perFleet }: Load,
  { openFiles, platform }: MachineLimits,
  shards: number,
  found: Preflight,
): void {
  if (openFiles === null) return
  const connected = sum(perFleet.map((fleet) => fleet.peakConnected))
  const embedded = sum(perFleet.map((fleet) => (fleet.target === null ? fleet.peakConnected : 0)))
  const perShard = Math.ceil(connected / shards)
  const [needed, who] = embedded > perShard ? [embedded, 'the embedded broker'] : [perShard, 'each shard']
  if (needed + OTHER_HANDLES <= openFiles) return
  found.problems.push({
    code: 'FILE_HANDLES',
    message: `${who} needs ${formatCount(needed + OTHER_HANDLES)} file handles, and a process may have ${formatCount(openFiles)}`,
    hint:
      platform === 'win32'
        ? 'Lower the number of devices or use more machines.'
        : `Run "ulimit -n ${needed + OTHER_HANDLES}" in this shell first${platform === 'linux' ? ', or raise "nofile" in /etc/security/limits.conf' : ''}.`,
  })
}

function checkPorts({ perFleet }: Load, { ephemeralPorts, platform }: MachineLimits, found: Preflight): void {
  if (ephemeralPorts === null) return
  const perTarget = new Map<string, number>()
  for (const { target, peakConnected } of perFleet) {
    const name = addressOf(target)
    perTarget.set(name, (perTarget.get(name) ?? 0) + peakConnected)
  }
  for (const [target, connections] of perTarget) {
    if (connections <= ephemeralPorts * PORT_WARNING) continue
    const list = connections > ephemeralPorts ? found.problems : found.warnings
    list.push({
      code: 'EPHEMERAL_PORTS',
      message: `${formatCount(connections)} connections to ${target} need as many ephemeral ports, and this machine has ${formatCount(ephemeralPorts)}`,
      hint: portHint(platform),
    })
  }
}

function portHint(platform: string): string {
  if (platform === 'linux') return 'Run: sudo sysctl -w net.ipv4.ip_local_port_range="1024 65535"'
  if (platform === 'win32') {
    return 'Run as administrator: netsh int ipv4 set dynamicport tcp start=1025 num=64510'
  }
  if (platform === 'darwin') return 'Run: sudo sysctl -w net.inet.ip.portrange.first=1024'
  return 'Widen the range of ephemeral ports, or use more machines.'
}

function checkMemory(
  { perFleet }: Load,
  { memoryBytes }: MachineLimits,
  shards: number,
  found: Preflight,
): void {
  const needed = neededBytes(perFleet, shards)
  if (needed <= memoryBytes * MEMORY_WARNING) return
  const list = needed > memoryBytes * MEMORY_LIMIT ? found.problems : found.warnings
  list.push({
    code: 'MEMORY',
    message: `the run needs about ${formatBytes(needed)} of memory, and ${formatBytes(memoryBytes)} are free`,
    hint: 'Lower the number of devices, end other programs, or use more machines.',
  })
}

/** Memory that a run will take: shards, probe, and the embedded broker when one is used. */
function neededBytes(perFleet: readonly FleetLoadSummary[], shards: number): number {
  const embedded = perFleet.filter((fleet) => fleet.target === null)
  const processes = shards + 1 + (embedded.length > 0 ? 1 : 0)
  const devices = perFleet.map(({ devices, tls }) => devices * (tls ? TLS_DEVICE_BYTES : DEVICE_BYTES))
  const brokerSide = embedded.map(({ devices }) => devices * DEVICE_BYTES)
  return processes * PROCESS_BYTES + sum(devices) + sum(brokerSide)
}

function checkCpu(load: Load, { cores }: MachineLimits, shards: number, found: Preflight): void {
  const wanted = wantedShards(load)
  if (wanted <= shards) return
  found.warnings.push({
    code: 'CPU',
    message: `${formatRate(load.peakTotalRateHz)} at the peak and ${formatCount(load.devices)} devices ask for ${wanted} shards, and ${shards} will run on ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    hint: 'Watch "behind" in the report; if it grows, lower the rate or use more machines with --shard.',
  })
}

function checkArrivals(
  { name, devices, peakWanted, peakConnected }: FleetLoadSummary,
  found: Preflight,
): void {
  // A machine's share of a small fleet may hold none of its devices.
  if (devices === 0 || (peakConnected >= peakWanted && peakConnected > 0)) return
  const why = peakWanted > peakConnected ? 'connect.rate' : 'the stages'
  found.warnings.push({
    code: 'CONNECT_RATE',
    message: `${why} will let ${formatCount(peakConnected)} of the ${formatCount(peakWanted || devices)} devices of ${name} connect before the run ends`,
    hint:
      peakWanted > peakConnected
        ? 'Raise connect.rate or the length of the run.'
        : 'Raise "devices" in a stage.',
  })
}

const DEFAULT_PORTS: Readonly<Record<string, string>> = { mqtt: '1883', mqtts: '8883', ws: '80', wss: '443' }

/** Host and port, for which ports are used up; paths of WebSocket URLs share them. */
function addressOf(target: string | null): string {
  const match = /^([a-z]+):\/\/(?:[^/?#]*@)?([^/?#]+)/.exec(target ?? '')
  const [, scheme = '', host = ''] = match ?? []
  if (!host) return 'the embedded broker'
  return /:\d+$/.test(host) ? host : `${host}:${DEFAULT_PORTS[scheme] ?? ''}`
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
