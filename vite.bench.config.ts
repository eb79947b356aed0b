import { readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, join } from 'node:path'
import { defineConfig } from 'vite'

const COMPARATORS = ['bare-mqttjs', 'bare-subscriber', 'marker-flood', 'plain-writer']

function inputs(): Record<string, string> {
  const benches = readdirSync('benchmarks').filter((name) => name.endsWith('.bench.ts'))
  return Object.fromEntries([
    ...benches.map((name) => [basename(name, '.bench.ts'), join('benchmarks', name)]),
    ...COMPARATORS.map((name) => [name, `benchmarks/comparators/${name}.ts`]),
  ])
}

/** Benchmarks and the programs they compare with, each runnable as `node out/NAME.js`. */
export default defineConfig({
  build: {
    ssr: true,
    target: 'node20',
    outDir: 'out',
    emptyOutDir: false,
    minify: false,
    rolldownOptions: {
      input: inputs(),
      output: { entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      external: [...builtinModules, ...builtinModules.map((name) => `node:${name}`)],
    },
  },
})
