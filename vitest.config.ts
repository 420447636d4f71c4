import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // Most of them wait for sockets and processes, not for a core.
    maxWorkers: '100%',
    // One process for many files: starting one for each took longer than most of them run. Every file cleans up after itself.
    isolate: false,
    // Clocks are what some tests are about, and a shared machine can be late for any of them.
    retry: process.env['CI'] === undefined ? 0 : 2,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
