import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{benchmarks,main,simulators,tests}/**/*.test.ts'],
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
