import type { StartDriver } from './driver.ts'

/** Starts Flotilla's shard in a worker process of its own; undefined until a build has one. */
export const startFlotilla: StartDriver | undefined = undefined
