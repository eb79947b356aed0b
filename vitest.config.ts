import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['simulators/**/*.test.ts', 'main/**/*.test.ts', 'tests/**/*.test.ts'],
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
})
