import { availableParallelism } from "node:os";

import { defineConfig } from "vitest/config";

/**
 * Projects by what they need: `unit` is pure and fast, `simulation` pure and thorough, `component`
 * starts local processes, `e2e` also needs the Pulumi engine, and comes last, two files at a time.
 */
export default defineConfig({
  test: {
    // Most of the time of tests that start processes is waiting.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "simulation",
          include: ["test/simulation/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "component",
          include: ["test/component/**/*.test.ts", "test/contract/**/*.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 180_000,
          hookTimeout: 300_000,
          // Each has a core's worth of engines to start; more would only be slow together.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
