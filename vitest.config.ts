import { defineConfig } from "vitest/config";

/**
 * Three projects by what they need: `unit` is pure and fast, `component` starts local processes,
 * `e2e` also needs the Pulumi engine. Files run one at a time where they start servers, so that
 * two processors are enough.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts", "test/simulation/**/*.test.ts"],
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
          fileParallelism: false,
        },
      },
    ],
  },
});
