import { defineConfig } from 'vitest/config'

const E2E = 'tests/e2e/**/*.test.ts'

export default defineConfig({
  test: {
    environment: 'node',
    testTimeout: 20_000,
    hookTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{benchmarks,main,simulators,tests}/**/*.test.ts'],
          exclude: ['**/node_modules/**', E2E],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: [E2E],
          globalSetup: ['tests/support/build-cli.ts'],
          testTimeout: 60_000,
          // They mostly wait, so more of them than there are cores.
          maxWorkers: 3,
          retry: { count: 2, delay: 3_000, condition: /machine too busy/ },
          // After everything else: these tests start processes, and what they measure is time.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
