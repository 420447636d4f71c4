import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    // One process for many files: starting one for each took longer than most of them run. Every file cleans up after itself.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 20_000,
  },
})
